"""Whether one batch can be learned by heart: optimizer steps on it, taken and undone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Fit
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.learning import exchanged_inputs
from pytest_gradhealth.recorder.optimizers import adam, sgd
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.run import enter_training
from pytest_gradhealth.recorder.state import preserved
from pytest_gradhealth.recorder.trials import descend, trainable

#: Makes an optimizer of parameters, such as ``lambda p: torch.optim.SGD(p, lr=0.1)``.
OptimizerFactory = Callable[[Iterable[nn.Parameter]], Any]

_MOMENTUM = 0.9
_EXCHANGES = 3
_PATIENCE, _PROGRESS = 60, 0.01  # steps, and the share of the loss that they must gain
# The quickest rate comes first; a deep transformer needs the slowest.
_ORDINARY = (("Adam", 1e-2), ("Adam", 1e-3), ("SGD", 1e-1), ("SGD", 1e-2), ("Adam", 1e-4))


def fits(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    *,
    optimizer: OptimizerFactory | None,
    limits: Limits,
    floor: float,
    seed: int,
) -> tuple[Fit, ...]:
    """Tries with ordinary optimizers until one gets the loss down; with ``optimizer`` only with it.

    Every step sees the same batch and the same random numbers, so that dropout and noise are part
    of what is learned.

    Raises:
        ProbeError: There is no loss of the user's own, or nothing is left to learn.
    """
    made: list[Fit] = []
    with prepared(model, batch, loss_fn, step) as (inner, objective):
        others = _exchanged(objective, seed)
        for name, make in _makers(optimizer):
            with preserved(inner):
                enter_training(inner)
                made.append(_descended(inner, objective, others, name, make, seed, limits, floor))
            if made[-1].learned(limits.learns_share, limits.learning_trace):
                break
    return tuple(made)


def _exchanged(objective: Objective, seed: int) -> list[Objective]:
    """The batch with its inputs in other orders; none where that changes nothing."""
    count, target = objective.samples(), objective.target()
    if count is None or target is None or target.dim() == 0 or target.shape[0] != count:
        return []
    if bool((target == target[:1]).all()):
        return []
    return exchanged_inputs(objective, count, seed, _EXCHANGES)


def _makers(
    optimizer: OptimizerFactory | None,
) -> list[tuple[str, Callable[[list[nn.Parameter]], Callable[[], Any]]]]:
    if optimizer is not None:
        given = optimizer
        return [("the given optimizer", lambda parameters: _step_of(given(parameters)))]
    makers: list[tuple[str, Callable[[list[nn.Parameter]], Callable[[], Any]]]] = []
    for name, rate in _ORDINARY:
        if name == "Adam":
            makers.append((f"{name} at {rate:g}", lambda p, rate=rate: adam(p, rate)))  # type: ignore[misc]
        else:
            makers.append((f"{name} at {rate:g}", lambda p, rate=rate: sgd(p, rate, _MOMENTUM)))  # type: ignore[misc]
    return makers


def _step_of(optimizer: Any) -> Callable[[], Any]:
    step = getattr(optimizer, "step", None)
    if not callable(step):
        msg = (
            "optimizer= takes a function of the parameters that returns an optimizer, such as "
            f"lambda p: torch.optim.SGD(p, lr=0.1); it returned {type(optimizer).__name__}"
        )
        raise ProbeError(msg)
    update: Callable[[], Any] = step
    return update


def _descended(
    model: nn.Module,
    objective: Objective,
    others: list[Objective],
    name: str,
    make: Callable[[list[nn.Parameter]], Callable[[], Any]],
    seed: int,
    limits: Limits,
    floor: float,
) -> Fit:
    update = make(trainable(model))
    first, kind = _loss(model, objective, seed)
    if kind == "random cotangent":
        msg = "learning needs a loss: pass loss_fn= or step="
        raise ProbeError(msg)
    if first == floor:
        msg = f"the loss is {first:g} before the first step, so there is nothing to learn"
        raise ProbeError(msg)
    fit = Fit(name, (first,), floor)
    for number in range(1, limits.learns_steps + 1):
        descend(model, objective, seed, update)
        loss = _loss(model, objective, seed)[0]
        fit = dataclasses.replace(fit, losses=(*fit.losses, loss))
        if not math.isfinite(loss):
            break
        low = Fit(name, (first, loss), floor).share <= limits.learns_share
        last = number == limits.learns_steps or _is_flat(fit)
        if low or (last and fit.share <= limits.learns_share):
            looked = _looked(model, others, loss, floor, seed)
            fit = dataclasses.replace(fit, looked=looked)
            last = last or fit.learned(limits.learns_share, limits.learning_trace)
        if last:
            break
    return fit


def _is_flat(fit: Fit) -> bool:
    """Whether the last steps got the loss no further down."""
    if fit.steps <= _PATIENCE:
        return False
    earlier = dataclasses.replace(fit, losses=fit.losses[:-_PATIENCE])
    return earlier.share - fit.share < _PROGRESS


def _looked(
    model: nn.Module, others: list[Objective], loss: float, floor: float, seed: int
) -> float | None:
    try:
        lost = [_loss(model, other, seed)[0] - floor for other in others]
    except Exception:  # half of a graph's nodes does not fit its adjacency matrix
        return None
    if not lost:
        return None
    mean = sum(lost) / len(lost)
    if mean > 0:
        return max(loss - floor, 0.0) / mean
    return 0.0 if loss - floor < mean else 1.0


def _loss(model: nn.Module, objective: Objective, seed: int) -> tuple[float, str]:
    seed_generators(seed)
    loss, kind = objective(model, seed)
    return float(loss.detach()), kind
