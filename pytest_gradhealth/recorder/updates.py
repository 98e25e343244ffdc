"""What an optimizer does to the weights: a few of its own steps, measured and undone."""

from __future__ import annotations

import inspect
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import GroupUpdate, Updates
from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step
from pytest_gradhealth.recorder.generators import seed_generators
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.trials import trainable

#: The group of what no optimizer holds.
NO_GROUP = "in no group"


def updates_of(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    *,
    optimizers: Sequence[Any],
    steps: int,
    seed: int,
) -> Updates:
    """Take steps with the user's optimizers on the user's model, and measure each.

    Raises:
        ProbeError: Something cannot step, holds none of the model's parameters or has no rate.
    """
    with prepared(model, batch, loss_fn, step, keep=optimizers) as (inner, objective):
        groups = _groups(inner, optimizers)
        losses = []
        for number in range(steps):
            losses.append(_gradients(inner, objective, seed + number))
            if not math.isfinite(losses[-1]):
                if number == 0:
                    msg = f"the loss is {losses[0]} before the first step: see assert_finite"
                    raise ProbeError(msg)
                break
            before = [[p.detach().clone() for p in group.parameters] for group in groups]
            for optimizer in optimizers:
                _take_step(optimizer, lambda: _gradients(inner, objective, seed))
            for group, kept in zip(groups, before, strict=True):
                group.measure(kept)
        else:
            losses.append(_loss(inner, objective, seed))
        if not any(group.reached for group in groups):
            msg = "no trainable parameter gets a gradient that is not zero: see assert_connected"
            raise ProbeError(msg)
        return Updates(tuple(group.result() for group in groups if group.reached), tuple(losses))


@dataclass(slots=True)
class _Group:
    name: str
    names: list[str]
    parameters: list[nn.Parameter]
    size: float = 0.0
    moved: bool = False
    ratios: list[float] = field(default_factory=list)
    each: dict[str, list[float]] = field(default_factory=dict)
    at_zero: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)

    def measure(self, before: list[Tensor]) -> None:
        """Add one step: what the entries with a gradient were, and by how much they changed."""
        first = not self.ratios
        sizes, changes = 0.0, 0.0
        for name, parameter, old in zip(self.names, self.parameters, before, strict=True):
            if first and not bool(old.any()):
                self.at_zero.add(name)
            if parameter.grad is None or not bool((_dense(parameter.grad) != 0).any()):
                continue
            self.reached.add(name)
            change = _squares(parameter.detach() - old, parameter.grad)
            size = _squares(old, parameter.grad)
            self.moved = self.moved or change > 0
            if name in self.at_zero or not size:
                continue
            sizes, changes = sizes + size, changes + change
            self.each.setdefault(name, []).append(math.sqrt(change / size))
        self.size = self.size or math.sqrt(sizes)
        self.ratios.append(math.sqrt(changes / sizes) if sizes else math.nan)

    def result(self) -> GroupUpdate:
        """The group's record."""
        ratios = [ratio for ratio in self.ratios if math.isfinite(ratio)]
        medians = {name: statistics.median(every) for name, every in self.each.items()}
        largest = max(medians, key=lambda name: medians[name], default="")
        return GroupUpdate(
            name=self.name,
            parameters=tuple(name for name in self.names if name in self.reached),
            moved=self.moved,
            size=self.size,
            ratio=statistics.median(ratios) if ratios else math.nan,
            peak=max(ratios, default=math.nan),
            largest=largest,
            largest_ratio=medians.get(largest, math.nan),
        )


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.layout is not torch.strided else gradient


def _squares(tensor: Tensor, gradient: Tensor) -> float:
    """Sum of the squares of the entries whose gradient is not zero."""
    kept = tensor.detach().abs().double().masked_fill(_dense(gradient) == 0, 0.0)
    return float(kept.square().sum())


def _groups(model: nn.Module, optimizers: Sequence[Any]) -> list[_Group]:
    name_of = {id(parameter): name for name, parameter in model.named_parameters()}
    groups: list[_Group] = []
    held: set[int] = set()
    for number, optimizer in enumerate(optimizers):
        if not callable(getattr(optimizer, "step", None)):
            msg = f"optimizer= takes an object with step(), not {type(optimizer).__name__}"
            raise ProbeError(msg)
        for index, entry in enumerate(_param_groups(optimizer)):
            own = [p for p in entry["params"] if id(p) in name_of and p.requires_grad]
            held |= {id(p) for p in entry["params"]}
            rate = entry.get("lr")
            if own and isinstance(rate, int | float | Tensor) and float(rate) == 0:
                msg = (
                    f"group {index} of {type(optimizer).__name__} has a learning rate of 0, as at "
                    "the start of a warm-up: set its working rate for the test"
                )
                raise ProbeError(msg)
            prefix = f"optimizer {number}, " if len(optimizers) > 1 else ""
            told = f" (lr {float(rate):g})" if isinstance(rate, int | float | Tensor) else ""
            names = [name_of[id(p)] for p in own]
            groups.append(_Group(f"{prefix}group {index}{told}", names, own))
    if not any(group.parameters for group in groups):
        kinds = ", ".join(type(optimizer).__name__ for optimizer in optimizers)
        msg = f"{kinds} holds none of the trainable parameters of {type(model).__name__}"
        raise ProbeError(msg)
    free = [p for p in trainable(model) if id(p) not in held]
    groups.append(_Group(NO_GROUP, [name_of[id(p)] for p in free], free))
    return groups


def _param_groups(optimizer: Any) -> list[dict[str, Any]]:
    groups = getattr(optimizer, "param_groups", None)
    if isinstance(groups, list):
        return groups
    for name in ("params", "parameters"):
        held = getattr(optimizer, name, None)
        if isinstance(held, list | tuple):
            return [{"params": list(held), "lr": getattr(optimizer, "lr", None)}]
    msg = f"{type(optimizer).__name__} has neither param_groups nor a list of params"
    raise ProbeError(msg)


def _take_step(optimizer: Any, closure: Callable[[], float]) -> None:
    wanted = inspect.signature(optimizer.step).parameters.get("closure")
    if wanted is not None and wanted.default is inspect.Parameter.empty:
        optimizer.step(closure)
    else:
        optimizer.step()


def _gradients(model: nn.Module, objective: Objective, seed: int) -> float:
    model.zero_grad(set_to_none=True)
    seed_generators(seed)
    with torch.enable_grad():
        loss, _ = objective(model, seed)
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def _loss(model: nn.Module, objective: Objective, seed: int) -> float:
    seed_generators(seed)
    return float(objective(model, seed)[0].detach())
