"""Noise predictors of other kinds: U-Nets, raw times, clean-point predictors, half precision."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.diffusion import Denoiser, TimeEmbedding, case
from tests.faults.tasks import DENOISING


class UNet(nn.Module):
    """Narrower and wider again, with the narrow side's features joined on."""

    def __init__(self, *, joined: bool = True, narrow: int = 24) -> None:
        super().__init__()
        self.time = TimeEmbedding()
        self.down1, self.down2 = nn.Linear(24, 64), nn.Linear(64, 32)
        self.middle = nn.Sequential(nn.Linear(32, narrow), nn.SiLU(), nn.Linear(narrow, 32))
        self.norm = nn.GroupNorm(4, 32)
        self.up2, self.up1 = nn.Linear(64, 64), nn.Linear(128, 64)
        self.last = nn.Linear(64, 8)
        self.joined = float(joined)

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        d1 = F.silu(self.down1(torch.cat([x, self.time(times)], dim=1)))
        d2 = F.silu(self.down2(d1))
        m = self.middle(self.norm(d2))
        u2 = F.silu(self.up2(torch.cat([m, self.joined * d2], dim=1)))
        return self.last(F.silu(self.up1(torch.cat([u2, self.joined * d1], dim=1))))


class RawTime(nn.Module):
    """Steps from 0 to 1000 straight into the first layer, beside values around one."""

    def __init__(self, factor: float, activation: Callable[[Tensor], Tensor] = torch.tanh) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(9, 64), nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 8)
        self.factor, self.activation = factor, activation

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        h = torch.cat([x, self.factor * times.unsqueeze(1)], dim=1)
        h = self.activation(self.fc1(h))
        return self.fc3(self.activation(self.fc2(h)))


class SelfConditioned(nn.Module):
    """A first guess, cut off from the graph on purpose, is an input of the second."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = TimeEmbedding()
        self.net = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
        self.out = nn.Linear(64, 8)
        self.average = copy.deepcopy(self.net).requires_grad_(False)

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        t = self.embed(times)
        with torch.no_grad():
            guess = self.out(self.net(torch.cat([x, t, torch.zeros_like(x)], dim=1)))
        return self.out(self.net(torch.cat([x, t, guess], dim=1)))


class Clean(nn.Module):
    """From the predicted clean point back to the noise: divides by how noisy the point is."""

    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.at_least = at_least

    def forward(self, x: Tensor, clean: Tensor, times: Tensor) -> Tensor:
        keep = (0.5 * math.pi * times).cos().unsqueeze(1)
        sigma = (1 - keep.square()).clamp(min=self.at_least).sqrt()
        return (x - keep * clean) / sigma


class PredictsClean(nn.Module):
    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.embed = TimeEmbedding()
        self.net = nn.Sequential(
            nn.Linear(24, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 8)
        )
        self.convert = Clean(at_least)

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        clean = self.net(torch.cat([x, self.embed(times)], dim=1))
        return self.convert(x, clean, times)


def from_zero(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """As ``DENOISING``, but a few points have time zero and so no noise in them."""
    points, times, noise = DENOISING.batch(seed)
    times[:4] = 0.0
    points[:4] -= noise[:4] * points[:4] / noise[:4]
    return points, times, noise


FROM_ZERO = replace(DENOISING, name="denoising from time zero", batch=from_zero, learned=0.6)


def scaled_loss(factor: float) -> Callable[[Any, Any], Tensor]:
    def step(model: Any, batch: Any) -> Tensor:
        return F.mse_loss(model(*batch[:-1]).float(), batch[-1]) * factor

    return step


TINY = replace(
    DENOISING,
    name="denoising, loss divided by 2^22",
    loss_fn=None,
    step=scaled_loss(2.0**-22),
    steps=250,
)


def gradients_times(model: nn.Module, factor: float) -> nn.Module:
    """As an optimizer's wrapper would undo a factor of the loss."""
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: gradient * factor)
    return model


HALF = partial(torch.autocast, "cpu", dtype=torch.float16)


BRAIN = partial(torch.autocast, "cpu", dtype=torch.bfloat16)


CASES: tuple[Case, ...] = (
    case("unet", "unet", UNet),
    case("unet_not_joined", "unet", lambda: UNet(joined=False)),
    case("raw_time", "raw time", lambda: RawTime(1.0)),
    case("raw_time_x1000", "raw time", lambda: RawTime(1000.0), "saturation", "fc1"),
    case("raw_time_x1e6", "raw time", lambda: RawTime(1e6), "saturation", "fc1", also="collapse"),
    case("raw_time_x1e6_silu", "raw time", lambda: RawTime(1e6, F.silu), "exploding", "fc1"),
    case("self_conditioned", "average", SelfConditioned),
    case(
        "clean_divided_by_zero",
        "clean",
        lambda: PredictsClean(0.0),
        "nonfinite",
        "convert",
        FROM_ZERO,
    ),
    case("clean_divided_by_at_least", "clean", lambda: PredictsClean(0.05), task=FROM_ZERO),
    case(
        "float16_averaged",
        "half",
        lambda: gradients_times(Denoiser(), 2.0**22),
        "underflow",
        "inputs blocks out",
        TINY,
        context=HALF,
    ),
    case(
        "bfloat16_averaged",
        "half",
        lambda: gradients_times(Denoiser(), 2.0**22),
        task=TINY,
        context=BRAIN,
    ),
)
