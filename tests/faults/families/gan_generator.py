"""Generators before a fixed critic: cut off, saturated, or told the same by every group."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.gan import case
from tests.faults.tasks_sequence import (
    GENERATION,
    KINDS,
    MINIMAX,
)


class FixedCritic(nn.Module):
    """Accepts points near the place of the wanted kind; learns nothing itself."""

    def __init__(self, sharpness: float, margin: float) -> None:
        super().__init__()
        self.register_buffer("kinds", KINDS.clone())
        self.sharpness, self.margin = sharpness, margin

    def forward(self, points: Tensor, wanted: Tensor) -> Tensor:
        distance = (points - wanted @ self.kinds).square().mean(dim=1)
        return self.sharpness * (self.margin - distance)


class Generator(nn.Module):
    """Noise and a wish to a point, and what a fixed critic thinks of it."""

    def __init__(
        self,
        sharpness: float = 4.0,
        margin: float = 0.5,
        *,
        cut: Callable[[Tensor], Tensor] = torch.Tensor.contiguous,
        norm: Callable[[int], nn.Module] = nn.Identity,
        last_std: float | None = None,
        body_factor: float = 1.0,
    ) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 48), norm(48), nn.ReLU())
        self.middle = nn.Sequential(nn.Linear(48, 48), norm(48), nn.ReLU())
        self.last = nn.Linear(48, 8)
        self.squash = nn.Tanh()
        self.critic = FixedCritic(sharpness, margin)
        self.cut, self.body_factor = cut, body_factor
        if last_std is not None:
            nn.init.normal_(self.last.weight, 0.0, last_std)

    def forward(self, noise: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        seed = self.body_factor * torch.cat([0.3 * noise, wanted], dim=1)
        points = self.squash(self.last(self.middle(self.body(seed))))
        return points, self.critic(self.cut(points), wanted)


class Letters(nn.Module):
    """Generates one of 16 words and lets the critic see it, hard, hard but straight, or soft."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 16))
        self.register_buffer("words", torch.cat([KINDS, 0.2 * torch.randn(12, 8)]))
        self.critic = FixedCritic(4.0, 0.5)
        self.how = how

    def forward(self, noise: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.generator(torch.cat([0.3 * noise, wanted], dim=1))
        choice = logits.softmax(-1)
        if self.how != "soft":
            hard = F.one_hot(logits.argmax(-1), 16).float()
            choice = hard + choice - choice.detach() if self.how == "straight" else hard
        points = choice @ self.words
        return points, self.critic(points, wanted)


def every_channel(channels: int) -> nn.Module:
    """A group for each channel: over vectors that is a group of one value."""
    return nn.GroupNorm(channels, channels)


def of_four(channels: int) -> nn.Module:
    return nn.GroupNorm(4, channels)


CASES: tuple[Case, ...] = (
    case("generator", "generator", Generator, task=GENERATION),
    case(
        "generator_minimax_sure",
        "generator",
        lambda: Generator(200.0, 0.1),
        "saturation",
        "critic",
        MINIMAX,
        "vanishing",
    ),
    case("generator_sure", "generator", lambda: Generator(200.0, 0.1), task=GENERATION),
    case("generator_minimax", "generator", lambda: Generator(2.0), task=MINIMAX),
    case(
        "generator_cut",
        "generator",
        lambda: Generator(cut=torch.Tensor.detach),
        "disconnected",
        "last",
        GENERATION,
    ),
    case(
        "generator_last_normal_10", "generator", lambda: Generator(last_std=10.0), task=GENERATION
    ),
    case(
        "generator_last_normal_1e6",
        "generator",
        lambda: Generator(last_std=1e6),
        "saturation",
        "squash last",
        GENERATION,
    ),
    case(
        "generator_groups_of_one",
        "generator",
        lambda: Generator(norm=every_channel),
        "collapse",
        "body.1",
        GENERATION,
    ),
    case(
        "generator_groups_of_twelve", "generator", lambda: Generator(norm=of_four), task=GENERATION
    ),
    case(
        "letters_hard", "letters", lambda: Letters("hard"), "disconnected", "generator", GENERATION
    ),
    case("letters_straight", "letters", lambda: Letters("straight"), task=GENERATION),
    case("letters_soft", "letters", lambda: Letters("soft"), task=GENERATION),
)
