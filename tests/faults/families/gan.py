"""Discriminators, critics and generators: sure judges, log losses and what comes back."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks_sequence import (
    CRITIC,
    REAL_OR_FAKE,
    REAL_PROBABILITY,
    wasserstein,
)

case = Family("gan", REAL_OR_FAKE)


def judge(
    *sizes: int,
    std: float | None = None,
    norm: Callable[[int], nn.Module] | None = None,
    wrap: Callable[[nn.Linear], nn.Module] | None = None,
) -> nn.Sequential:
    """Leaky layers from 8 values to one number, with N(0, std) weights as in DCGAN."""
    layers: list[nn.Module] = []
    for before, after in zip([8, *sizes[:-1]], sizes, strict=True):
        linear = nn.Linear(before, after)
        if std is not None:
            nn.init.normal_(linear.weight, 0.0, std)
            nn.init.zeros_(linear.bias)
        layers.append(wrap(linear) if wrap else linear)
        if norm is not None:
            layers.append(norm(after))
        layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 1))


class Judge(nn.Module):
    """A probability, as the first paper has it."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64))
        self.score = nn.Linear(64, 1)
        self.squash = nn.Sigmoid()
        with torch.no_grad():
            self.score.weight.mul_(factor)

    def forward(self, x: Tensor) -> Tensor:
        return self.squash(self.score(F.leaky_relu(self.features(x), 0.2)))


class LogLoss(nn.Module):
    """Minus log(D) for real points and minus log(1 - D) for the others."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, probability: Tensor, real: Tensor) -> Tensor:
        yes = (probability + self.eps).log() * real
        no = (1 - probability + self.eps).log() * (1 - real)
        return -(yes + no).mean()


class Game(nn.Module):
    """A judge that computes its own loss by hand, from points and what they are."""

    def __init__(self, factor: float, eps: float) -> None:
        super().__init__()
        self.judge, self.loss = Judge(factor), LogLoss(eps)

    def forward(self, x: Tensor, real: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        probability = self.judge(x)
        return probability, None if real is None else self.loss(probability, real)


def own_loss(model: Any, batch: Any) -> Tensor:
    loss: Tensor = model(*batch)[1]
    return loss


GAME = replace(REAL_PROBABILITY, name="real or fake, own loss", loss_fn=None, step=own_loss)


def penalised(eps: float) -> Callable[[Any, Any], Tensor]:
    """A critic's loss with a penalty on the size of its gradient, by the norm or with an eps."""

    def step(model: Any, batch: Any) -> Tensor:
        points, real = batch
        points = points.detach().requires_grad_()
        score = model(points)
        (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
        size = (slope.square().sum(1) + eps).sqrt()
        return wasserstein(score, real) + 0.1 * (size - 1).square().mean()

    return step


PENALISED = replace(CRITIC, name="critic, penalty", loss_fn=None, step=penalised(0.0))


PENALISED_EPS = replace(CRITIC, name="critic, penalty with eps", loss_fn=None, step=penalised(1e-8))


def zero_last(model: nn.Sequential) -> nn.Sequential:
    nn.init.zeros_(model[-1].weight)
    return model


class BatchStatistics(nn.Module):
    """Joins the batch's standard deviation to every sample, so that copies are noticed."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, 64), nn.Linear(65, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.first(x), 0.2)
        spread = h.std(dim=0).mean().expand(len(h), 1)
        return self.out(F.leaky_relu(self.last(torch.cat([h, spread], dim=1)), 0.2))


def clipped(limit: float, *sizes: int) -> nn.Sequential:
    """A critic right after weight clipping."""
    model = judge(*sizes)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.clamp_(-limit, limit)
    return model


CASES: tuple[Case, ...] = (
    case("judge_logit", "judge", lambda: judge(64, 64)),
    case("judge_probability", "judge", Judge, task=REAL_PROBABILITY),
    case(
        "judge_sigmoid_twice",
        "judge",
        Judge,
        task=replace(REAL_OR_FAKE, name="sigmoid twice", score=REAL_PROBABILITY.score),
    ),
    case("judge_sure", "judge", lambda: Judge(1e6), "saturation", "squash score", REAL_PROBABILITY),
    case(
        "dcgan_init_16",
        "dcgan",
        lambda: judge(*[64] * 16, std=0.02),
        "vanishing",
        "0",
        also="collapse",
    ),
    case(
        "dcgan_init_16_batchnorm", "dcgan", lambda: judge(*[64] * 16, std=0.02, norm=nn.BatchNorm1d)
    ),
    case("dcgan_init_2", "dcgan", lambda: judge(64, 64, std=0.02)),
    case("log_loss_sure", "log loss", lambda: Game(1e4, 0.0), "nonfinite", "loss", GAME),
    case("log_loss", "log loss", lambda: Game(1.0, 0.0), task=GAME),
    case("log_loss_eps", "log loss", lambda: Game(1.0, 1e-6), task=GAME),
    case("critic", "critic", lambda: judge(64, 64), task=CRITIC),
    case("critic_spectral_norm", "critic", lambda: judge(64, 64, wrap=spectral_norm), task=CRITIC),
    case("critic_weight_norm", "critic", lambda: judge(64, 64, wrap=weight_norm), task=CRITIC),
    case(
        "critic_clipped_16",
        "critic",
        lambda: clipped(0.01, *[48] * 16),
        "vanishing",
        "0",
        CRITIC,
        "collapse",
    ),
    case("critic_clipped_2", "critic", lambda: clipped(0.1, 48, 48), task=CRITIC),
    case("critic_statistics", "critic", BatchStatistics, task=CRITIC),
    case(
        "penalty_at_zero_slope",
        "penalty",
        lambda: zero_last(judge(64, 64)),
        "nonfinite",
        "4",
        PENALISED,
    ),
    case(
        "penalty_at_zero_slope_eps", "penalty", lambda: zero_last(judge(64, 64)), task=PENALISED_EPS
    ),
    case("penalty", "penalty", lambda: judge(64, 64), task=PENALISED),
)
