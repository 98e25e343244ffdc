"""``assert_learns``: the loss on one batch falls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_gradhealth.facts import Finding, Fit
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn


def assert_learns(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    step: Callable[[Any, Any], Tensor] | None = None,
    optimizer: Callable[[Any], Any] | None = None,
    floor: float = 0.0,
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Fit:
    """The loss on one batch falls to ``learns_share`` of itself within ``learns_steps`` steps.

    Tried with Adam and SGD at ordinary rates until one gets there. All of it is undone.

    Args:
        model: The model; one in eval mode is trained in train mode.
        batch: See ``diagnose``; so are ``loss_fn`` and ``step``.
        loss_fn: The loss function.
        step: The training step, ``step(model, batch) -> scalar loss``.
        optimizer: Makes the optimizer of the parameters, such as
            ``lambda p: torch.optim.SGD(p, lr=0.1)``; then no other is tried.
        floor: The loss a perfect model has, where that is not 0 (label smoothing, an entropy).
        limits: Thresholds.
        seed: Of every step.
        verbose: Has no part here.

    Returns:
        The steps that got there.

    Raises:
        GradientHealthError: No optimizer gets the loss down that far.
        ProbeError: There is no loss, or nothing to learn.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.fitting import fits

    limits = limits or Limits()
    made = fits(
        model,
        batch,
        loss_fn,
        step,
        optimizer=optimizer,
        limits=limits,
        floor=floor,
        seed=seed,
    )
    last = made[-1]
    if last.learned(limits.learns_share, limits.learning_trace):
        return last
    best = min(made, key=lambda fit: fit.share if math.isfinite(fit.share) else math.inf)
    raise failed(_finding(best, made, limits), verbose=verbose)


def _finding(best: Fit, made: tuple[Fit, ...], limits: Limits) -> Finding:
    finite, low = math.isfinite(best.share), best.share <= limits.learns_share
    limit, name = limits.learns_share, "learns_share"
    if low and best.looked is not None:
        told = f"the loss falls to {best.share:.2g}, but not by looking at the samples"
        limit, name = limits.learning_trace, "learning_trace"
    elif finite:
        told = f"the loss on one batch falls to {best.share:.2g} of what it was, at best"
    else:
        told = "the loss on one batch is not finite"
    observed = [("Tried", "; ".join(map(_told, made)))]
    if low and best.looked is not None:
        observed.append(
            (
                "Observed",
                f"with the inputs exchanged among the samples it is the same (x{best.looked:.3g} "
                f"of that, limit {limit:g})",
            )
        )
    observed.append(
        ("Try", "assert_healthy on the same batch, which names the symptom and where it starts")
    )
    if finite and not low:
        told_floor = "if a perfect model's loss is not 0 (soft targets, label smoothing)"
        observed.append(("Accept", f"floor=..., {told_floor}"))
    return Finding(
        symptom="not_learning",
        where="",
        source="",
        measured=best.looked if low and best.looked is not None else best.share,
        limit=limit,
        unit="share of the loss that is left",
        limit_name=name if finite else "",
        message=f"{told} (limit {limits.learns_share:g} within {limits.learns_steps} steps)",
        observations=tuple(observed),
    )


def _told(fit: Fit) -> str:
    end = fit.losses[-1]
    lowest = f", {fit.best:.4g} at its lowest" if fit.best < end or not math.isfinite(end) else ""
    return f"{fit.optimizer}: {fit.losses[0]:.4g} to {end:.4g} in {fit.steps} steps{lowest}"
