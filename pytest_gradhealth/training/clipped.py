"""``assert_clipped``: the training step bounds the gradient that its optimizer sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gradhealth.facts import Clipping, Finding, Row
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn

_TOLERANCE = 0.01  # clip_grad_norm_ adds 1e-6 to the norm it divides by
_CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)"


def assert_clipped(
    model: nn.Module,
    batch: Any,
    train_step: Callable[[Any, Any], Any],
    *,
    max_norm: float | None = None,
    optimizer: Any = None,
    keep: Iterable[object] = (),
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Clipping:
    """The user's own training step really clips: measured where the optimizer sees the gradient.

    The step runs once as it is and once with every gradient multiplied by about a million; what
    reaches ``optimizer.step`` must not grow along. Loss scalers are taken into account. What the
    step does to model, optimizers and loss scalers is undone.

    Args:
        model: The model.
        batch: Handed to ``train_step``, a copy each time.
        train_step: ``train_step(model, batch)``: forward, backward, clipping, ``optimizer.step``.
            Called again where it accumulates, until an optimizer steps.
        max_norm: The bound that is meant, where the clip is one of the total norm.
        optimizer: The optimizer, where it is not one of ``torch.optim``.
        keep: Further objects that the step changes and that are to be put back, such as a
            scheduler or an average of the weights.
        limits: Thresholds.
        seed: Of every run.
        verbose: Show every row of the failure's table.

    Returns:
        The norms at the step.

    Raises:
        GradientHealthError: Nothing bounds the gradient, or the bound is another one.
        ProbeError: No optimizer steps.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.clipping import clipping_of

    limits = limits or Limits()
    made = clipping_of(
        model,
        batch,
        train_step,
        optimizer=optimizer,
        keep=[*keep, *([] if optimizer is None else [optimizer])],
        calls=limits.clip_calls,
        seed=seed,
    )
    finding = _judged(made, max_norm, limits)
    if finding is not None:
        raise failed(finding, verbose=verbose)
    return made


def _judged(made: Clipping, max_norm: float | None, limits: Limits) -> Finding | None:
    if made.skipped:
        return None
    limit = min(limits.clip_headroom, made.factor / 2)
    free = {name for name, norm, large in made.parameters if norm and large > limit * norm}
    if free:
        told = "nothing clips the gradient" if len(free) == len(made.parameters) else ""
        told = told or f"{len(free)} of {len(made.parameters)} parameters are not clipped"
        growth = max(large / norm for _, norm, large in made.parameters if norm)
        message = (
            f"{told}: at optimizer.step it is x{growth:.2g} when it is multiplied by "
            f"{made.factor:.2g} (limit x{limit:.2g})"
        )
        hint = f"{_CLIP} between backward() and optimizer.step(); with AMP after unscale_"
        return _finding(made, message, growth, limit, free, hint)
    if made.scale_seen:
        message = "the clip measures gradients that are still multiplied by the loss scale"
        hint = "scaler.unscale_(optimizer) before the clip"
        return _finding(made, message, made.scaled_norm, 0.0, set(), hint)
    if max_norm is not None and made.scaled_norm > max_norm * (1 + _TOLERANCE):
        message = f"the bound is {made.scaled_norm:.3g}, not max_norm={max_norm:g}"
        hint = "clip all parameters together, and once"
        return _finding(made, message, made.scaled_norm, max_norm, set(), hint)
    return None


def _finding(
    made: Clipping, message: str, measured: float, limit: float, free: set[str], hint: str
) -> Finding:
    observed = (
        f"norm at optimizer.step {made.norm:.3g}; {made.scaled_norm:.3g} with the gradient "
        f"multiplied by {made.factor:.2g}"
    )
    return Finding(
        symptom="unclipped",
        where="",
        source="",
        measured=measured,
        limit=limit,
        unit="norm at optimizer.step, over that of the gradient as it is",
        limit_name="",
        message=message,
        observations=(
            ("Observed", observed),
            ("Try", hint),
            ("Accept", "leave the assertion out where an optimizer bounds its steps itself"),
        ),
        rows=tuple(
            Row(name, (), norm, large / norm if norm else 0.0, failing=name in free)
            for name, norm, large in made.parameters
        ),
    )
