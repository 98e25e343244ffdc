"""Forward hooks that put a tensor hook on every differentiable output; no module backward hooks.

Module backward hooks break on in-place activations, miss dict outputs and keyword-only calls, and
see no gradient at the first layer; tensor hooks do none of that.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.recurrence import Recurrence, observed
from pytest_gradhealth.recorder.spread import excerpt
from pytest_gradhealth.recorder.statistics import norm

Reduce = Callable[[Tensor], Tensor]

#: These are never called themselves, so their silence says nothing.
HOLDERS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)


@dataclass(slots=True)
class Call:
    """One call of one module, while the pass is under way.

    ``product`` names the operation where it is one of several products inside a module's own
    forward; the path then is the matrix's.
    """

    path: str
    index: int
    module: nn.Module
    shape: tuple[int, ...]
    dtype: str
    size: int
    activation: Tensor
    gradients: list[Tensor] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    excerpt: Tensor | None = None
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
    unfolded: set[str] = field(default_factory=set)
    running: list[str] = field(default_factory=list)
    replayed: bool = False
    offloaded: bool = False


@contextmanager
def traced(
    model: nn.Module,
    reduce: Reduce = norm,
    *,
    samples: int | None = None,
    closely: bool = False,
    operations: bool = False,
) -> Iterator[Tracer]:
    """Hook every module of the model; the hooks are gone when the block ends.

    Args:
        model: The model.
        reduce: The norm to take of outputs and gradients.
        samples: How many samples the batch holds along axis 0, where that is known.
        closely: Keep an excerpt of every output, not of weighted layers and the model's own only.
        operations: Keep track of the modules that run, for those who look at operations.
    """
    trace = Trace()
    tracer = Tracer(trace, reduce, samples, closely=closely)
    handles: list[Any] = []
    if operations:
        for path, module in model.named_modules():
            handles.append(module.register_forward_pre_hook(tracer.entering(path)))
            handles.append(module.register_forward_hook(tracer.leaving))
    handles += [
        module.register_forward_hook(tracer.hook(path)) for path, module in model.named_modules()
    ]
    handles += [
        module.register_forward_pre_hook(observed(path, trace.recurrences))
        for path, module in model.named_modules()
        if isinstance(module, nn.RNNBase)
    ]
    try:
        yield tracer
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


def source_of(modules: Mapping[str, nn.Module], path: str) -> str:
    """``file:line`` of the class behind a path; for torch's own classes, of the class around it.

    Empty where Python does not know it.
    """
    while True:
        kind = type(modules.get(path))  # the path of a matrix leads to the module that holds it
        if path in modules and not kind.__module__.startswith("torch."):
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


def is_weighted(path: str, module: nn.Module) -> bool:
    """Whether the module has a matrix or kernel of its own, parametrized ones included.

    A module that computes a parametrized weight is part of the layer, not a layer.
    """
    if "parametrizations" in path.split("."):
        return False
    if any(p is not None and p.dim() > 1 for p in module._parameters.values()):
        return True
    if parametrize.is_parametrized(module):
        held = module.parametrizations.parameters()  # type: ignore[union-attr]
        return any(parameter.dim() > 1 for parameter in held)
    return False


def _is_offloading() -> bool:
    """Whether hooks on saved tensors are active; unknown to an old torch, which then says no."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top is not None and top(True) is not None  # its argument: ignore tracing


def _gone() -> None:
    return None


class Tracer:
    """Turns what the hooks are given into calls of a trace."""

    def __init__(self, trace: Trace, reduce: Reduce, samples: int | None, *, closely: bool) -> None:
        self.trace = trace
        self.reduce = reduce
        self.samples = samples
        self.closely = closely
        self.counts: dict[str, int] = {}
        self.replayed: dict[str, int] = {}
        self.seen: dict[tuple[Node, int], int] = {}
        self.constants: dict[int, Callable[[], Tensor | None]] = {}

    def entering(self, path: str) -> Callable[[nn.Module, Any], None]:
        """A forward pre-hook that notes which module runs."""

        def on_entry(_module: nn.Module, _inputs: Any) -> None:
            self.trace.running.append(path)

        return on_entry

    def leaving(self, _module: nn.Module, _inputs: Any, _output: Any) -> None:
        """A forward hook that notes its end."""
        self.trace.running.pop()

    def used(self, path: str, owner: str, module: nn.Module, product: str, output: Tensor) -> None:
        """Record a product inside a module's own forward; in backward it ran once more."""
        if torch._C._current_graph_task_id() >= 0:
            return
        self.trace.unfolded.add(owner)
        before = len(self.trace.calls)
        self._called(path, module, output)
        for call in self.trace.calls[before:]:
            call.product = product

    def hook(self, path: str) -> Callable[[nn.Module, Any, Any], None]:
        """A forward hook that records the call."""

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
        if not self.trace.offloaded:
            self.trace.offloaded = _is_offloading()
        floating = [t for t in tensors_in(output) if t.is_floating_point() or t.is_complex()]
        position = len(self.trace.calls)
        fresh = [t for t in floating if not self._was_seen(t, position)]
        if not fresh:
            if not path:
                self._excerpt_of_the_output(floating)
            return
        main = max(fresh, key=lambda t: (t.requires_grad, t.numel()))
        dtype = str(main.dtype).removeprefix("torch.")
        call = Call(path, index, module, tuple(main.shape), dtype, main.numel(), self.reduce(main))
        if self.closely or not path or is_weighted(path, module):
            call.excerpt = excerpt(main, self.samples)
        self.trace.calls.append(call)
        self._attach(position, fresh)

    def _excerpt_of_the_output(self, outputs: list[Tensor]) -> None:
        """The model hands on its last part's output: that part's excerpt is the one that counts."""
        for tensor in outputs:
            position = self.seen.get((tensor.grad_fn, tensor.output_nr))
            if position is not None and self.trace.calls[position].excerpt is None:
                self.trace.calls[position].excerpt = excerpt(tensor, self.samples)

    def _was_seen(self, tensor: Tensor, position: int) -> bool:
        if tensor.grad_fn is None:
            known = self.constants.get(id(tensor), _gone)() is tensor
            self.constants[id(tensor)] = weakref.ref(tensor)
            return known
        key = (tensor.grad_fn, tensor.output_nr)
        known = key in self.seen
        self.seen.setdefault(key, position)
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
                self.trace.replayed = True
                return
