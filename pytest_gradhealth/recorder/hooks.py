"""Forward hooks that put a tensor hook on every differentiable output; no module backward hooks.

Module backward hooks break on in-place activations, miss dict outputs and keyword-only calls, and
see no gradient at the first layer; tensor hooks do none of that.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.statistics import norm

Reduce = Callable[[Tensor], Tensor]

#: These are never called themselves, so their silence says nothing.
HOLDERS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


@dataclass(slots=True)
class Call:
    """One call of one module, while the pass is under way."""

    path: str
    index: int
    module: nn.Module
    shape: tuple[int, ...] = ()
    dtype: str = ""
    size: int = 0
    activation: Tensor | None = None
    gradients: list[Tensor] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Trace:
    """What the hooks saw.

    Attributes:
        calls: The calls whose output was new, in forward order. A container that hands on its last
            child's output has none of its own.
        ran: Paths of all modules that were called.
        arrivals: For every gradient that arrived, in order: its call's position in ``calls`` and
            its own position in that call's ``gradients``.
    """

    calls: list[Call] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)
    arrivals: list[tuple[int, int]] = field(default_factory=list)


@contextmanager
def traced(model: nn.Module, reduce: Reduce = norm) -> Iterator[Trace]:
    """Hook every module of the model; the hooks are gone when the block ends."""
    trace = Trace()
    tracer = _Tracer(trace, reduce)
    handles = [
        module.register_forward_hook(tracer.hook(path)) for path, module in model.named_modules()
    ]
    try:
        yield trace
    finally:
        for handle in handles:
            handle.remove()


def silent_paths(model: nn.Module, trace: Trace) -> tuple[str, ...]:
    """Modules that hold trainable parameters of their own and were not seen to run."""
    return tuple(
        path
        for path, module in model.named_modules()
        if path not in trace.ran
        and not isinstance(module, HOLDERS)
        and any(parameter.requires_grad for parameter in module.parameters(recurse=False))
    )


def source_of(model: nn.Module, path: str) -> str:
    """``file:line`` of the class behind a path; for torch's own classes, of the class around it.

    Empty where Python does not know it.
    """
    while True:
        kind = type(model.get_submodule(path))
        if not kind.__module__.startswith("torch."):
            return _source_of_class(kind)  # type: ignore[arg-type]  # a class does hash
        if not path:
            return ""
        path = path.rpartition(".")[0]


@functools.cache
def _source_of_class(kind: type) -> str:
    try:
        _, line = inspect.getsourcelines(kind)
        return f"{inspect.getsourcefile(kind)}:{line}"
    except (OSError, TypeError):
        return ""


def _gone() -> None:
    return None


class _Tracer:
    def __init__(self, trace: Trace, reduce: Reduce) -> None:
        self.trace = trace
        self.reduce = reduce
        self.counts: dict[str, int] = {}
        self.replayed: dict[str, int] = {}
        self.seen: set[tuple[Node, int]] = set()
        self.constants: dict[int, Callable[[], Tensor | None]] = {}

    def hook(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        def on_forward(module: nn.Module, _inputs: Any, output: Any) -> None:
            self.trace.ran.add(path)
            if torch._C._current_graph_task_id() >= 0:
                self._replayed(path, output)
            else:
                self._called(path, module, output)

        return on_forward

    def _called(self, path: str, module: nn.Module, output: Any) -> None:
        index = self.counts.get(path, 0)
        self.counts[path] = index + 1
        floating = [t for t in tensors_in(output) if t.is_floating_point() or t.is_complex()]
        fresh = [t for t in floating if not self._was_seen(t)]
        if not fresh:
            return
        call = Call(path, index, module)
        main = max(fresh, key=lambda t: (t.requires_grad, t.numel()))
        call.shape, call.size = tuple(main.shape), main.numel()
        call.dtype = str(main.dtype).removeprefix("torch.")
        call.activation = self.reduce(main)
        self.trace.calls.append(call)
        self._attach(len(self.trace.calls) - 1, fresh)

    def _was_seen(self, tensor: Tensor) -> bool:
        if tensor.grad_fn is None:
            known = self.constants.get(id(tensor), _gone)() is tensor
            self.constants[id(tensor)] = weakref.ref(tensor)
            return known
        key = (tensor.grad_fn, tensor.output_nr)
        known = key in self.seen
        self.seen.add(key)
        return known

    def _attach(self, position: int, outputs: list[Tensor]) -> None:
        call = self.trace.calls[position]
        for tensor in outputs:
            if not tensor.requires_grad:
                continue
            if tensor.grad_fn is not None:
                call.nodes.append(tensor.grad_fn)

            def on_backward(gradient: Tensor) -> None:
                self.trace.arrivals.append((position, len(call.gradients)))
                call.gradients.append(self.reduce(gradient))

            tensor.register_hook(on_backward)  # type: ignore[no-untyped-call]

    def _replayed(self, path: str, output: Any) -> None:
        """A call inside backward: activation checkpointing runs the forward pass once more.

        Non-reentrant checkpointing had its gradient hooks from the first run. The reentrant kind
        ran first without a graph, so that call gets its hooks only now.
        """
        index = self.replayed.get(path, 0)
        self.replayed[path] = index + 1
        for position, call in enumerate(self.trace.calls):
            if call.path == path and call.index == index and not call.nodes:
                self._attach(position, [t for t in tensors_in(output) if t.requires_grad])
                return
