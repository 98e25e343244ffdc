"""Noise predictors: preconditioned, self-conditioned, deep, with clocks of several kinds."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import DENOISING

WIDTH = 64

case = SecondFamily("diffusion", DENOISING)


class Net(nn.Module):
    """Points and features of time to a prediction, with one residual block."""

    def __init__(self, clock: int = 16, out: int = 8, more: int = 0) -> None:
        super().__init__()
        self.first = nn.Linear(8 + clock + more, WIDTH)
        self.block = nn.Sequential(
            nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH)
        )
        self.last = nn.Linear(WIDTH, out)

    def forward(self, *parts: Tensor) -> Tensor:
        h = F.silu(self.first(torch.cat(parts, dim=1)))
        return self.last(h + self.block(h))


def sines(times: Tensor) -> Tensor:
    """Eight sines and eight cosines of a time between 0 and 1."""
    angle = times.unsqueeze(1) * math.pi * 2.0 ** torch.arange(-1.0, 7.0)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


class Schedule(nn.Module):
    """A table of noise levels, of ten steps; divides the point by its own level."""

    def __init__(self, lowest: float) -> None:
        super().__init__()
        self.register_buffer("levels", torch.linspace(lowest, 1.0, 10))

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        index = (10 * times).long()
        return points / self.levels[index].unsqueeze(1)


class Preconditioned(nn.Module):
    """The network sees the divided point; its answer is taken as the noise."""

    def __init__(self, lowest: float) -> None:
        super().__init__()
        self.schedule = Schedule(lowest)
        self.net = Net()

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        return self.net(self.schedule(points, times), sines(times))


class Clock(nn.Module):
    """A small network of the time, given in seconds or in microseconds."""

    def __init__(self, unit: float) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 16))
        self.net = Net()
        self.unit = unit

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        return self.net(points, self.embed(self.unit * times.unsqueeze(1)))


class SelfConditioned(nn.Module):
    """Is shown its own first guess, which gets no gradient."""

    def __init__(self, *, refine: bool) -> None:
        super().__init__()
        self.guess = Net(more=8)
        self.refine = Net(more=8) if refine else None

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        clock = sines(times)
        with torch.no_grad():
            guess = self.guess(points, clock, torch.zeros_like(points))
        return (self.guess if self.refine is None else self.refine)(points, clock, guess)


class Plain(nn.Module):
    """Many layers without a shortcut; the last layer's weights may be small or zero."""

    def __init__(self, depth: int, activation: nn.Module, last: float = 1.0) -> None:
        super().__init__()
        sizes = [24, *[WIDTH] * depth]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(sizes)])
        self.activation = activation
        self.last = nn.Linear(WIDTH, 8)
        with torch.no_grad():
            self.last.weight.mul_(last)
            self.last.bias.mul_(last)

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        h = torch.cat([points, sines(times)], dim=1)
        for layer in self.layers:
            h = self.activation(layer(h))
        return self.last(h)


class Bottle(nn.Module):
    """Channels are normalised after everything but them was averaged away."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.lift = nn.Linear(24, WIDTH)
        self.norm = nn.GroupNorm(groups, WIDTH)
        self.tail = nn.Sequential(nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.out = nn.Linear(WIDTH, 8)

    def forward(self, points: Tensor, times: Tensor) -> Tensor:
        h = self.lift(torch.cat([points, sines(times)], dim=1))
        return self.out(self.tail(self.norm(h)))


def weighted(factor: float) -> Any:
    """Mean squared error with the weight of a schedule, in the precision the model answers in."""

    def step(model: Any, batch: Any) -> Tensor:
        points, times, noise = batch
        error = (model(points, times).float() - noise).square()
        return factor * error.mean()

    return step


HALF = partial(torch.autocast, "cpu", dtype=torch.float16)
TINY_WEIGHT = replace(
    DENOISING, name="denoising, weight 1e-8", loss_fn=None, step=weighted(1e-8), steps=150
)
FULL_WEIGHT = replace(TINY_WEIGHT, name="denoising, own step", step=weighted(1.0), steps=300)

CASES: tuple[Case, ...] = (
    case("schedule_from_tenth", "schedule", lambda: Preconditioned(0.1)),
    case("schedule_from_zero", "schedule", lambda: Preconditioned(0.0), "nonfinite", "schedule"),
    case("clock_unit", "clock", lambda: Clock(1.0)),
    case(
        "clock_microseconds",
        "clock",
        lambda: Clock(1e6),
        "saturation",
        "embed",
        also="vanishing dead_units",
    ),
    case("self_conditioned_by_itself", "self conditioned", lambda: SelfConditioned(refine=False)),
    case(
        "self_conditioned_two_nets",
        "self conditioned",
        lambda: SelfConditioned(refine=True),
        "disconnected",
        "guess",
    ),
    case("plain_3", "plain noise net", lambda: Plain(3, nn.SiLU())),
    case("plain_3_zero_last", "plain noise net", lambda: Plain(3, nn.SiLU(), 0.0)),
    case(
        "plain_30_softplus",
        "plain noise net",
        lambda: Plain(30, nn.Softplus()),
        "vanishing",
        "layers.0",
        replace(DENOISING, name="denoising, fewer steps", steps=100),
        "collapse",
    ),
    case("bottle_groups_8", "bottle", lambda: Bottle(8)),
    case("bottle_groups_64", "bottle", lambda: Bottle(64), "collapse", "norm lift"),
    case("half", "half weight", lambda: Clock(1.0), task=FULL_WEIGHT, context=HALF),
    case(
        "half_weight_1e8",
        "half weight",
        lambda: Clock(1.0),
        "underflow",
        "net embed",
        TINY_WEIGHT,
        context=HALF,
    ),
)
