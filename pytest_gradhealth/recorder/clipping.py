"""What reaches ``optimizer.step`` when every gradient is multiplied by a factor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Clipping
from pytest_gradhealth.recorder.batch import copied
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.keeping import objects_kept
from pytest_gradhealth.recorder.prepared import prepared

# The largest first; a float16 gradient overflows early.
_FACTORS = (2.0**20, 2.0**12, 2.0**6)
_SCALE_CHANGE = 4.0

#: One step of the user's own training: everything from the batch to ``optimizer.step``.
TrainStep = Callable[[Any, Any], Any]


def clipping_of(
    model: nn.Module,
    batch: Any,
    train_step: TrainStep,
    *,
    optimizer: Any,
    keep: Iterable[object],
    calls: int,
    seed: int,
) -> Clipping:
    """Run the training step with its gradients as they are, and multiplied.

    Raises:
        ProbeError: No optimizer steps, or a gradient is not finite at every factor.
    """
    run = _Runs(model, batch, train_step, optimizer, tuple(keep), calls, seed)
    plain = run.at(1.0)
    if not plain.norms:
        msg = (
            f"no optimizer step on this model's parameters in {calls} calls of the training step; "
            "pass optimizer= if it is not one of torch.optim"
        )
        raise ProbeError(msg)
    if not math.isfinite(_total(plain.norms)):
        msg = "the gradient is not finite at optimizer.step: see assert_finite"
        raise ProbeError(msg)
    for factor in _FACTORS:
        multiplied = run.at(factor)
        if multiplied.finite:
            break
    else:
        msg = f"the gradient overflows when it is multiplied by {_FACTORS[-1]:g}"
        raise ProbeError(msg)
    seen = None
    if plain.scaler is not None and multiplied.norms:
        lowered = run.at(factor, lower_scale=plain.scaler)
        if lowered.norms and lowered.finite:
            change = _total(lowered.norms) / max(_total(multiplied.norms), 1e-300)
            seen = change > math.sqrt(_SCALE_CHANGE)
    return Clipping(
        factor=factor,
        norm=_total(plain.norms),
        scaled_norm=_total(multiplied.norms),
        parameters=tuple(
            (name, plain.norms[name], multiplied.norms[name])
            for name in plain.norms
            if name in multiplied.norms
        ),
        skipped=not multiplied.norms,
        scale_seen=seen,
    )


def _total(norms: dict[str, float]) -> float:
    return math.sqrt(sum(norm * norm for norm in norms.values()))


@dataclass(slots=True)
class _Seen:
    norms: dict[str, float] = field(default_factory=dict)
    finite: bool = True
    scaler: Any = None


@dataclass(slots=True)
class _Runs:
    model: nn.Module
    batch: Any
    train_step: TrainStep
    optimizer: Any
    keep: tuple[object, ...]
    calls: int
    seed: int

    def at(self, factor: float, *, lower_scale: Any = None) -> _Seen:
        """One run until an optimizer steps; everything is put back."""
        seen = _Seen()
        with prepared(self.model, self.batch, keep=self.keep) as (inner, _), ExitStack() as undo:
            names = {id(p): n for n, p in inner.named_parameters() if p.requires_grad}
            met: list[object] = [*self.keep]

            def meet(one: object) -> None:
                if not any(one is known for known in met):
                    met.append(one)
                    undo.enter_context(objects_kept([one]))

            def stepping(optimizer: Any, *_: Any) -> None:
                meet(optimizer)
                scale = getattr(optimizer, "grad_scale", None)
                divisor = float(scale) if isinstance(scale, Tensor) else 1.0
                for parameter in _held(optimizer):
                    name = names.get(id(parameter))
                    if name is not None and parameter.grad is not None and name not in seen.norms:
                        seen.norms[name] = _norm(parameter.grad) / divisor

            def scaling(scaler: Any) -> None:
                if scaler.is_enabled():
                    meet(scaler)
                    seen.scaler = scaler

            for parameter in inner.parameters():
                if parameter.requires_grad:
                    hook = parameter.register_hook(_multiplied(factor, seen))  # type: ignore[no-untyped-call]
                    undo.callback(hook.remove)
            undo.enter_context(_watched(self.optimizer, stepping, meet))
            undo.enter_context(_scalers_watched(scaling))
            if lower_scale is not None:
                meet(lower_scale)
                lower_scale.scale(torch.ones(1, device=next(inner.parameters()).device))
                lower_scale.update(lower_scale.get_scale() / _SCALE_CHANGE)
            seed_generators(self.seed)
            for _ in range(self.calls):
                self.train_step(self.model, copied(self.batch))
                if seen.norms or not seen.finite:
                    break
        return seen


def _multiplied(factor: float, seen: _Seen) -> Callable[[Tensor], Tensor]:
    def multiply(gradient: Tensor) -> Tensor:
        larger = gradient * factor
        seen.finite = seen.finite and math.isfinite(_norm(larger))
        return larger

    return multiply


def _norm(gradient: Tensor) -> float:
    dense = gradient.to_dense() if gradient.layout is not torch.strided else gradient
    return float(dense.detach().abs().double().norm())


def _held(optimizer: Any) -> Iterator[Tensor]:
    groups = getattr(optimizer, "param_groups", None)
    if isinstance(groups, list):
        for group in groups:
            yield from group["params"]
        return
    for name in ("params", "parameters"):
        held = getattr(optimizer, name, None)
        if isinstance(held, list | tuple):
            yield from held


@contextmanager
def _watched(
    optimizer: Any, stepping: Callable[..., None], meet: Callable[[object], None]
) -> Iterator[None]:
    """See every step of every torch optimizer, and of the given one whatever it is."""
    handle = register_optimizer_step_pre_hook(stepping)
    try:
        if optimizer is not None and not isinstance(optimizer, torch.optim.Optimizer):
            meet(optimizer)
            take = optimizer.step

            def step(*args: Any, **kwargs: Any) -> Any:
                stepping(optimizer)
                return take(*args, **kwargs)

            optimizer.step = step
        yield
    finally:
        handle.remove()


@contextmanager
def _scalers_watched(scaling: Callable[[Any], None]) -> Iterator[None]:
    """See every loss scaler that is used in the block."""
    kind: Any = getattr(torch.amp, "GradScaler", None) or torch.cuda.amp.GradScaler
    original = kind.scale

    def scale(self: Any, outputs: Any) -> Any:
        scaling(self)
        return original(self, outputs)

    kind.scale = scale
    try:
        yield
    finally:
        kind.scale = original
