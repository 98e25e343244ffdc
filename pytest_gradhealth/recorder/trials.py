"""A few optimizer steps on a batch: what a suspicion is confirmed or dropped with.

The steps are taken on the model itself and undone, which needs no deep copy (not every model has
one) and is exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pytest_gradhealth.facts import Report, Trial
from pytest_gradhealth.profile import profile_of
from pytest_gradhealth.recorder.batch import Objective, tensors_in
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.optimizers import Step, adam, sgd
from pytest_gradhealth.recorder.run import enter_training, measure
from pytest_gradhealth.recorder.state import preserved


def warmed_up(
    model: nn.Module, objective: Objective, seed: int, *, steps: int, learning_rate: float
) -> Report:
    """The report after some Adam steps: zero-initialised branches have woken up by then."""
    with preserved(model):
        enter_training(model)
        update = adam(trainable(model), learning_rate)
        for index in range(steps):
            descend(model, objective, seed + index, update)
        return measure(model, objective, seed, closely=True)


def descended(
    model: nn.Module,
    objective: Objective,
    seed: int,
    *,
    learning_rate: float,
    steps: int,
    max_norm: float | None = None,
    scale: float = 1.0,
) -> Trial:
    """Plain SGD on one batch with one seed; ``max_norm`` clips the total gradient norm.

    A model without a loss of its own regresses its output on seeded standard normal targets, since
    a random cotangent is linear and so has no curvature to overshoot.

    Args:
        model: Left as it was.
        objective: Its loss.
        seed: Of every step.
        learning_rate: For a mean-reduced loss; divided by ``scale``.
        steps: How many.
        max_norm: See above.
        scale: Of the loss, see ``Profile.loss_scale``.
    """
    losses = []
    with preserved(model):
        enter_training(model)
        target = Regression(objective)
        update = sgd(trainable(model), learning_rate / scale)
        for _ in range(steps):
            losses.append(descend(model, target, seed, update, max_norm))
            if not math.isfinite(losses[-1]):
                break
        after = measure(model, objective, seed)
        losses.append(_loss(model, target, seed))
    profile = profile_of(after)
    share = 0.0 if profile is None or not math.isfinite(profile.best.share) else profile.best.share
    return Trial(learning_rate, max_norm, tuple(losses), share)


class Regression:
    """The objective; where it is a random cotangent, mean squared error against normal noise."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective

    def __call__(self, model: nn.Module, seed: int) -> tuple[Tensor, str]:
        """The scalar loss and how it came about."""
        outputs: list[Tensor] = []
        handle = model.register_forward_hook(
            lambda _module, _inputs, output: outputs.__setitem__(
                slice(None), [t for t in tensors_in(output) if t.requires_grad]
            )
        )
        try:
            loss, kind = self.objective(model, seed)
        finally:
            handle.remove()
        if kind != "random cotangent" or not outputs:
            return loss, kind
        generator = torch.Generator().manual_seed(seed)
        terms = []
        for output in outputs:
            real = torch.view_as_real(output) if output.is_complex() else output
            noise = torch.randn(real.shape, generator=generator, dtype=torch.float32)
            terms.append((real - noise.to(device=real.device, dtype=real.dtype)).square().mean())
        return torch.stack([term.to(terms[0].device) for term in terms]).sum(), "regression"


def trainable(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that require a gradient."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def descend(
    model: nn.Module,
    objective: Objective | Regression,
    seed: int,
    update: Step,
    max_norm: float | None = None,
) -> float:
    """One step on the objective; the loss before it."""
    model.zero_grad(set_to_none=True)
    seed_generators(seed)
    with torch.enable_grad():
        loss, _ = objective(model, seed)
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
    if max_norm is not None:
        nn.utils.clip_grad_norm_(trainable(model), max_norm)
    update()
    return float(loss.detach())


def _loss(model: nn.Module, objective: Objective | Regression, seed: int) -> float:
    seed_generators(seed)
    with torch.enable_grad():
        return float(objective(model, seed)[0].detach())
