"""Policies with continuous actions: squashed, too narrow, or cut off from their critic."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.policy import WIDTH, case
from tests.faults.tasks_sequence import STEERING


class Squash(nn.Module):
    """Tanh of an action and what that does to its density."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        action = torch.tanh(raw)
        if self.how == "softplus":
            change = 2 * (math.log(2) - raw - F.softplus(-2 * raw))
        else:
            change = torch.log(1 - action.square() + (1e-6 if self.how == "eps" else 0.0))
        return action, change.sum(1)


class Gaussian(nn.Module):
    """A normal policy with reparametrised actions, squashed by tanh; SAC's actor."""

    def __init__(self, squash: str = "softplus", log_std: float = -1.0, wide: float = 1.0) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU())
        self.mean = nn.Linear(WIDTH, 2)
        self.log_std = nn.Parameter(torch.full((2,), log_std))
        self.squash = Squash(squash)
        with torch.no_grad():
            self.mean.weight.mul_(wide)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        mean = self.mean(self.net(observation))
        noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
        action, change = self.squash(mean + self.log_std.exp() * noise)
        density = -self.log_std - 0.5 * noise.square()
        return action, density.sum(1) - change


def score_function(model: Any, batch: Any) -> Tensor:
    """REINFORCE for normal actions: the log-density of what was done, times how good it was."""
    seen, best = batch
    mean, log_std = model(seen)
    std = log_std.exp()
    with torch.no_grad():
        action = mean + std * torch.randn_like(mean)
        reward = -(action - best).square()
    chosen = -0.5 * ((action - mean) / std).square() - log_std
    loss: Tensor = -((reward - reward.mean(0)) * chosen).mean()
    return loss


SCORED = replace(
    STEERING, name="steering, score function", step=score_function, learned=0.5, steps=500
)


class NormalPolicy(nn.Module):
    """Mean and log of the standard deviation; a tiny deviation makes huge gradients."""

    def __init__(self, log_std: float) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, WIDTH), nn.Tanh())
        self.mean = nn.Linear(WIDTH, 2)
        self.log_std = nn.Parameter(torch.full((2,), log_std))

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean(self.net(observation)), self.log_std


class Ddpg(nn.Module):
    """An actor that climbs a critic; the critic learns from actions at random."""

    def __init__(self, cut: Callable[[Tensor], Tensor] = torch.Tensor.contiguous) -> None:
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(8, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2))
        self.critic = nn.Sequential(nn.Linear(10, WIDTH), nn.SiLU(), nn.Linear(WIDTH, 1))
        self.cut = cut

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        action = torch.tanh(self.actor(observation))
        return action, self.judged(observation, self.cut(action))

    def judged(self, observation: Tensor, action: Tensor) -> Tensor:
        return self.critic(torch.cat([observation, action], dim=1)).squeeze(1)


def ddpg(model: Any, batch: Any) -> Tensor:
    """The critic's regression, and the actor's climb through a frozen copy of the critic."""
    seen, best = batch
    tried = 2 * torch.rand_like(best) - 1
    reward = -(tried - best).square().sum(1)
    _, value = model(seen)
    loss: Tensor = 10 * F.mse_loss(model.judged(seen, tried), reward) - value.mean()
    return loss


CLIMBING = replace(STEERING, name="steering through a critic", step=ddpg, learned=0.35, steps=500)


CASES: tuple[Case, ...] = (
    case(
        "squash_log_of_zero",
        "squash",
        lambda: Gaussian("plain", wide=60.0),
        "nonfinite",
        "squash",
        STEERING,
    ),
    case("squash_softplus", "squash", Gaussian, task=STEERING),
    case("squash_eps", "squash", lambda: Gaussian("eps"), task=STEERING),
    case(
        "squash_saturated",
        "squash",
        lambda: Gaussian("eps", wide=5000.0),
        "saturation",
        "squash mean",
        STEERING,
    ),
    case("log_std_0", "deviation", lambda: NormalPolicy(-0.5), task=SCORED),
    case(
        "log_std_minus_12",
        "deviation",
        lambda: NormalPolicy(-12.0),
        "exploding",
        "mean log_std",
        SCORED,
    ),
    case("actor_through_critic", "ddpg", Ddpg, task=CLIMBING),
    case(
        "actor_cut_from_critic",
        "ddpg",
        lambda: Ddpg(torch.Tensor.detach),
        "disconnected",
        "actor",
        CLIMBING,
    ),
)
