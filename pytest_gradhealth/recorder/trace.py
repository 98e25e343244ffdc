"""What the hooks of a pass write down while it is under way."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import torch
from torch import nn

from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.recurrence import Reach, Recurrence
from pytest_gradhealth.recorder.statistics import Number


@dataclass(slots=True)
class Call:
    """One call of one module, while the pass is under way.

    Attributes:
        path: Path of the module; of the matrix where ``product`` is given.
        index: 0 for the module's first call, 1 for its second, and so on.
        position: Its own place in the trace.
        module: The module.
        weighted: Whether the module has a matrix of its own.
        shape: Shape of its output.
        dtype: Its output's dtype.
        size: Entries of its output.
        activation: L2 norm of its output.
        gradients: L2 norms of the gradients that arrived at its outputs.
        nodes: Nodes of its outputs on the graph.
        spread: Where its output's spread is to be asked for.
        product: Names the operation where it is one of several products inside a module's own
            forward.
    """

    path: str
    index: int
    position: int
    module: nn.Module
    weighted: bool
    shape: tuple[int, ...]
    dtype: str
    size: int
    activation: Number
    gradients: list[Number] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    spread: int | None = None
    product: str = ""


@dataclass(slots=True)
class Trace:
    """What the hooks saw.

    Attributes:
        calls: The calls whose output was new, in forward order. A container that hands on its last
            child's output has none of its own.
        ran: Paths of all modules that were called.
        arrivals: For every gradient that arrived, in order: its call's position in ``calls`` and
            its own position in that call's ``gradients``.
        recurrences: Calls of recurrent modules.
        reach: The steps of the batch's sequence at the first layer, if not a recurrent module.
        unfolded: Paths of the modules whose products were recorded one by one.
        running: Paths of the modules that run just now, outermost first, where that is tracked.
        replayed: Whether backward ran parts of the model again, whose calls got hooks only then.
        offloaded: Whether something (checkpointing, offloading) keeps the graph's tensors
            elsewhere: to look at them would run parts of the model again.
    """

    calls: list[Call] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    recurrences: list[Recurrence] = field(default_factory=list)
    reach: Reach | None = None
    unfolded: set[str] = field(default_factory=set)
    running: list[str] = field(default_factory=list)
    replayed: bool = False
    offloaded: bool = False


@functools.cache
def dtype_name(dtype: torch.dtype) -> str:
    """Such as ``float32``."""
    return str(dtype).removeprefix("torch.")
