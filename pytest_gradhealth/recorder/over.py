"""A pass that is over: what it left behind, before its numbers are moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from pytest_gradhealth.recorder.activations import Seen
from pytest_gradhealth.recorder.blame import Blame
from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.operations import Operations
from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.positions import Positions
from pytest_gradhealth.recorder.spread import Spreads
from pytest_gradhealth.recorder.statistics import Number
from pytest_gradhealth.recorder.trace import Trace


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is over, before its numbers are moved.

    Attributes:
        model: Its parameters' ``.grad`` still hold the gradients.
        trace: What the hooks saw.
        graph: The autograd graph behind the loss.
        reduce: The norm the hooks used, for the parameters too.
        loss: The loss.
        kind: How it came about.
        seed: Of the pass.
        pending: Numbers queued so far.
        spreads: How much the samples differ, call by call.
        positions: Where on the graph the calls are.
        activations: What the graph's activation functions showed.
        blocked: Leaf tensors behind operations whose derivative is zero everywhere.
        inputs: Tickets of the batch's own spread.
        operations: Every operation of the forward pass, where the pass looked.
        blame: The first backward node with a NaN or Inf, where the pass looked.
        closely: Whether it was to look at everything.
        modules: The model's modules by every path they have.
    """

    model: nn.Module
    trace: Trace
    graph: BackwardGraph
    reduce: Callable[[Tensor], Number]
    loss: Tensor
    kind: str
    seed: int
    pending: Pending
    spreads: Spreads
    positions: Positions
    activations: list[Seen]
    blocked: list[tuple[Tensor, Node]]
    inputs: list[int]
    operations: Operations | None
    blame: Blame | None
    closely: bool
    modules: dict[str, nn.Module]
