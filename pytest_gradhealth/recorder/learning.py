"""Whether a model learns from half of its batch what holds for the other half."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.facts import LearningTrial
from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.optimizers import Step, adam, sgd
from pytest_gradhealth.recorder.run import enter_training
from pytest_gradhealth.recorder.state import preserved
from pytest_gradhealth.recorder.trials import descend, trainable

_LEAST = 8  # samples: four to learn from, four to be judged on
_MOMENTUM = 0.9  # the usual one; sixty plain steps are few
_EXCHANGES = 39  # orders of the inputs that the right one is held against: one chance in forty
_EXCHANGES_BY_HEART = 5
_LOOK = 15  # steps between two looks at whether the samples are known by heart
_BY_HEART = 0.05  # of the loss with exchanged inputs
_RATES = {"Adam": (1e-3, 1e-2), "SGD": (1e-1, 1e-2)}
# Deep transformers diverge at Adam's own default and learn at a third of it.
_QUICKEST_FIRST = (
    *(("Adam", 1e-2), ("Adam", 3e-4), ("Adam", 1e-3)),
    *(("SGD", 1e-1), ("SGD", 1e-2)),
)


def learning_trials(
    model: nn.Module, objective: Objective, seed: int, *, steps: int, gain: float
) -> tuple[LearningTrial, ...]:
    """Trials with Adam and with SGD: one a learning rate until one works.

    Empty where the batch cannot be halved or holds no target.
    """
    count = objective.samples()
    if count is None or count < _LEAST or not objective.has_target():
        return ()
    trials: list[LearningTrial] = []
    for name, rates in _RATES.items():
        for rate in rates:
            try:
                trials.append(_trial(model, objective, count, seed, name, rate, steps))
            except Exception:  # half of a graph's nodes does not fit its adjacency matrix
                return ()
            if trials[-1].learned(gain):
                break
    return tuple(trials)


def leaves_a_trace(
    model: nn.Module, objective: Objective, seed: int, *, steps: int, fitted: float
) -> tuple[bool, int]:
    """Whether some trial tells the samples it was given apart, and how many steps that took.

    Trials like those of ``learning_trials``, ended at the first that gets there; the quickest rate
    comes first. ``True`` also where no trial is possible: then nothing speaks against the model.

    Args:
        model: Left as it was.
        objective: Its loss.
        seed: Of every step.
        steps: At most, a trial.
        fitted: The loss on these samples, over that with their inputs exchanged.
    """
    count, taken = objective.samples(), 0
    if count is None or count < _LEAST or not objective.has_target():
        return True, taken
    for name, rate in _QUICKEST_FIRST:
        try:
            share, made = _fit(model, objective, count, seed, name, rate, steps, enough=fitted)
        except Exception:  # half of a graph's nodes does not fit its adjacency matrix
            return True, taken
        taken += made
        if share <= fitted:
            return True, taken
    return False, taken


def _fit(
    model: nn.Module,
    objective: Objective,
    count: int,
    seed: int,
    optimizer: str,
    rate: float,
    steps: int,
    *,
    enough: float,
) -> tuple[float, int]:
    """How well the first half of the batch is known after some steps, and how many they were.

    Infinite where the loss did not stay finite.
    """
    half = count // 2
    first = _part(objective, count, torch.arange(half))
    exchanged = exchanged_inputs(first, half, seed, _EXCHANGES_BY_HEART)
    with preserved(model):
        enter_training(model)
        return _steps(model, first, exchanged, seed, optimizer, rate, steps, enough=enough)


def _steps(
    model: nn.Module,
    first: Objective,
    exchanged: list[Objective],
    seed: int,
    optimizer: str,
    rate: float,
    steps: int,
    *,
    enough: float,
) -> tuple[float, int]:
    parameters = trainable(model)
    update: Step = (
        adam(parameters, rate) if optimizer == "Adam" else sgd(parameters, rate, _MOMENTUM)
    )
    fitted = math.nan
    for step in range(1, steps + 1):
        if not math.isfinite(descend(model, first, seed, update)):
            return math.inf, step
        if step % _LOOK == 0 or step == steps:
            by_heart = _loss(model, first, seed)
            fitted = _ratio(by_heart, [_loss(model, part, seed) for part in exchanged])
            if fitted <= enough:  # more steps would make it surer, not wiser
                return fitted, step
    return fitted, steps


def _trial(
    model: nn.Module,
    objective: Objective,
    count: int,
    seed: int,
    optimizer: str,
    rate: float,
    steps: int,
) -> LearningTrial:
    half = count // 2
    first = _part(objective, count, torch.arange(half))
    second = _part(objective, count, torch.arange(half, count))
    shuffled = exchanged_inputs(second, count - half, seed, _EXCHANGES)
    exchanged = exchanged_inputs(first, half, seed, _EXCHANGES_BY_HEART)
    with preserved(model):
        enter_training(model)
        before = _loss(model, second, seed)
        fitted, _ = _steps(model, first, exchanged, seed, optimizer, rate, steps, enough=_BY_HEART)
        if math.isinf(fitted):
            return LearningTrial(optimizer, rate, before, *[math.nan] * 4)
        after = _loss(model, second, seed)
        mixed = [_loss(model, part, seed) for part in shuffled]
    return LearningTrial(
        optimizer, rate, before, after, sum(mixed) / len(mixed), min(mixed), fitted
    )


def _ratio(loss: float, others: list[float]) -> float:
    mean = sum(others) / len(others)
    return loss / mean if mean else math.nan


def exchanged_inputs(objective: Objective, count: int, seed: int, times: int) -> list[Objective]:
    """The objective with its inputs in other orders, and its targets as they were."""
    generator = torch.Generator().manual_seed(seed)
    orders = (torch.randperm(count, generator=generator) for _ in range(times))
    return [_part(objective, count, order, targets=False) for order in orders]


def _loss(model: nn.Module, objective: Objective, seed: int) -> float:
    seed_generators(seed)
    with torch.enable_grad():
        return float(objective(model, seed)[0].detach())


def _part(objective: Objective, count: int, rows: Tensor, *, targets: bool = True) -> Objective:
    """The objective on some rows of its batch; without ``targets`` these stay as they are."""
    inputs = {id(tensor) for tensor in objective.inputs()}

    def taken(value: Any) -> Any:
        if isinstance(value, Tensor):
            whole = value.dim() == 0 or value.shape[0] != count
            kept = whole or not (targets or id(value) in inputs)
            return value if kept else value[rows.to(value.device)]
        if isinstance(value, Mapping):
            return {key: taken(item) for key, item in value.items()}
        if type(value) in {list, tuple}:
            return type(value)(map(taken, value))
        return value

    return dataclasses.replace(objective, batch=taken(objective.batch))
