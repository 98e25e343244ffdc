"""Forward hooks that put a tensor hook on every differentiable output; no module backward hooks.

Module backward hooks break on in-place activations, miss dict outputs and keyword-only calls, and
see no gradient at the first layer; tensor hooks do none of that.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.modules import is_weighted
from pytest_gradhealth.recorder.recurrence import Reach, observed, steps_of
from pytest_gradhealth.recorder.spread import Spreads, excerpt
from pytest_gradhealth.recorder.statistics import Number, norm
from pytest_gradhealth.recorder.trace import Call, Trace, dtype_name

Reduce = Callable[[Tensor], Number]

_SEQUENCE_AXES = 3  # (samples, steps, features)

#: Not negative while a backward pass runs.
_running_backward = torch._C._current_graph_task_id

#: The hooks on saved tensors that are active; an old torch does not tell.
_saved_tensor_hooks = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)


@contextmanager
def traced(
    modules: Mapping[str, nn.Module],
    spreads: Spreads,
    reduce: Reduce = norm,
    *,
    samples: int | None = None,
    lengths: Container[int] = (),
    closely: bool = False,
    operations: bool = False,
) -> Iterator[Tracer]:
    """Hook every module; the hooks are gone when the block ends.

    Args:
        modules: The model's modules, each under one path.
        spreads: Takes excerpts of their outputs.
        reduce: The norm to take of outputs and gradients.
        samples: How many samples the batch holds along axis 0, where that is known.
        lengths: Those of its sequences, along axis 1.
        closely: Keep an excerpt of every output, not of weighted layers and the model's own only.
        operations: Keep track of the modules that run, for those who look at operations.
    """
    tracer = Tracer(Trace(), spreads, reduce, samples, lengths, closely=closely)
    handles: list[Any] = []
    for path, module in modules.items():
        if operations:
            handles.append(module.register_forward_pre_hook(tracer.entering(path)))
            handles.append(module.register_forward_hook(tracer.leaving))
        handles.append(module.register_forward_hook(tracer.hook(path, module)))
        if isinstance(module, nn.RNNBase):
            on_entry = observed(path, tracer.trace.recurrences)
            handles.append(module.register_forward_pre_hook(on_entry))
    try:
        yield tracer
    finally:
        for handle in handles:
            handle.remove()


def _is_offloading() -> bool:
    """Whether hooks on saved tensors are active."""
    # Its argument: ignore tracing.
    return _saved_tensor_hooks is not None and _saved_tensor_hooks(True) is not None


def _gone() -> None:
    return None


class Tracer:
    """Turns what the hooks are given into calls of a trace."""

    def __init__(
        self,
        trace: Trace,
        spreads: Spreads,
        reduce: Reduce,
        samples: int | None,
        lengths: Container[int],
        *,
        closely: bool,
    ) -> None:
        self.trace = trace
        self.spreads = spreads
        self.reduce = reduce
        self.samples = samples
        self.lengths = lengths
        self.closely = closely
        self.entered = False
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
        if _running_backward() >= 0:
            return
        self.trace.unfolded.add(owner)
        call = self._called(path, module, output, weighted=is_weighted(path, module))
        if call is not None:
            call.product = product

    def hook(self, path: str, module: nn.Module) -> Callable[[nn.Module, Any, Any], None]:
        """A forward hook that records the call."""
        weighted = is_weighted(path, module)

        def on_forward(module: nn.Module, _inputs: Any, output: Any) -> None:
            self.trace.ran.add(path)
            if _running_backward() >= 0:
                self._replayed(path, output)
            else:
                self._called(path, module, output, weighted=weighted)

        return on_forward

    def _called(self, path: str, module: nn.Module, output: Any, *, weighted: bool) -> Call | None:
        """The call, unless it hands on what another one made."""
        trace = self.trace
        index = self.counts.get(path, 0)
        self.counts[path] = index + 1
        if not trace.offloaded:
            trace.offloaded = _is_offloading()
        outputs = [output] if isinstance(output, Tensor) else tensors_in(output)
        floating = [t for t in outputs if t.is_floating_point() or t.is_complex()]
        position = len(trace.calls)
        fresh = [t for t in floating if not self._was_seen(t, position)]
        if not fresh:
            if not path:
                self._look_at_the_output(floating)
            return None
        main = max(fresh, key=_weight) if len(fresh) > 1 else fresh[0]
        call = Call(
            path,
            index,
            position,
            module,
            weighted,
            tuple(main.shape),
            dtype_name(main.dtype),
            main.numel(),
            self.reduce(main),
        )
        if weighted or self.closely or not path:
            call.spread = self.spreads.add(excerpt(main, self.samples))
        trace.calls.append(call)
        self._attach(call, fresh)
        if weighted and not self.entered:
            self.entered = True
            self._follow_steps(call, main)
        return call

    def _follow_steps(self, call: Call, output: Tensor) -> None:
        """The first layer, where it sees the batch's sequence: the gradient at each step."""
        if len(call.shape) != _SEQUENCE_AXES or isinstance(call.module, nn.RNNBase):
            return
        count, steps, _ = call.shape
        if count != self.samples or steps not in self.lengths or not output.requires_grad:
            return
        self.trace.reach = reach = Reach(call.position)

        def on_backward(gradient: Tensor) -> None:
            reach.profile = steps_of(gradient, 1)

        output.register_hook(on_backward)  # type: ignore[no-untyped-call]

    def _look_at_the_output(self, outputs: list[Tensor]) -> None:
        """The model hands on its last part's output: that part's excerpt is the one that counts."""
        for tensor in outputs:
            position = self.seen.get((tensor.grad_fn, tensor.output_nr))
            if position is not None and self.trace.calls[position].spread is None:
                kept = excerpt(tensor, self.samples)
                self.trace.calls[position].spread = self.spreads.add(kept)

    def _was_seen(self, tensor: Tensor, position: int) -> bool:
        node = tensor.grad_fn
        if node is None:
            known = self.constants.get(id(tensor), _gone)() is tensor
            self.constants[id(tensor)] = weakref.ref(tensor)
            return known
        key = (node, tensor.output_nr)
        if key in self.seen:
            return True
        self.seen[key] = position
        return False

    def _attach(self, call: Call, outputs: list[Tensor]) -> None:
        arrivals, gradients, reduce = self.trace.arrivals, call.gradients, self.reduce
        position = call.position

        def on_backward(gradient: Tensor) -> None:
            arrivals.append((position, len(gradients)))
            gradients.append(reduce(gradient))

        for tensor in outputs:
            if tensor.requires_grad:
                node = tensor.grad_fn
                if node is not None:
                    call.nodes.append(node)
                tensor.register_hook(on_backward)  # type: ignore[no-untyped-call]

    def _replayed(self, path: str, output: Any) -> None:
        """A call inside backward: activation checkpointing runs the forward pass once more.

        Non-reentrant checkpointing had its gradient hooks from the first run. The reentrant kind
        ran first without a graph, so that call gets its hooks only now.
        """
        index = self.replayed.get(path, 0)
        self.replayed[path] = index + 1
        for call in self.trace.calls:
            if call.path == path and call.index == index and not call.nodes:
                self._attach(call, [t for t in tensors_in(output) if t.requires_grad])
                self.trace.replayed = True
                return


def _weight(tensor: Tensor) -> tuple[bool, int]:
    return tensor.requires_grad, tensor.numel()
