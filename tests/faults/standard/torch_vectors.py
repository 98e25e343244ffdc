"""Models of vectors assembled from torch.nn."""

from __future__ import annotations

import itertools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from tests.faults.standard.entry import Standard

ROWS, WIDTH = 64, 32


class Sine(nn.Module):
    """One SIREN layer: sin(30 (W x + b)), uniform init by its paper."""

    def __init__(self, inner: int, outer: int, *, first: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(inner, outer)
        bound = 1 / inner if first else math.sqrt(6 / inner) / 30
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(30 * self.linear(x))


def siren() -> nn.Module:
    last = nn.Linear(64, 1)
    bound = math.sqrt(6 / 64) / 30
    nn.init.uniform_(last.weight, -bound, bound)
    return nn.Sequential(Sine(2, 64, first=True), *(Sine(64, 64) for _ in range(3)), last)


def pinn() -> nn.Module:
    sizes = [2, 32, 32, 32, 32, 1]
    layers: list[nn.Module] = []
    for inner, outer in itertools.pairwise(sizes):
        layers += [nn.Linear(inner, outer), nn.Tanh()]
        nn.init.xavier_normal_(layers[-2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(layers[-2].bias)  # type: ignore[arg-type]
    return nn.Sequential(*layers[:-1])


def heat(model: Any, batch: Any) -> Tensor:
    """The residual of the heat equation, plus the initial condition: two backwards in one."""
    points = batch.clone().requires_grad_()
    u = model(points)
    slopes = torch.autograd.grad(u.sum(), points, create_graph=True)[0]
    curved = torch.autograd.grad(slopes[:, 0].sum(), points, create_graph=True)[0][:, 0]
    start = torch.cat([points[:, :1], torch.zeros_like(points[:, :1])], 1)
    wanted = torch.sin(math.pi * points[:, :1])
    loss: Tensor = (slopes[:, 1] - 0.1 * curved).square().mean() + F.mse_loss(model(start), wanted)
    return loss


class HighwayLayer(nn.Module):
    """A gate that starts mostly closed, its bias at minus two as its paper advises."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform, self.gate = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return gate * F.relu(self.transform(x)) + (1 - gate) * x


def highway() -> nn.Module:
    layers = [HighwayLayer(WIDTH) for _ in range(20)]
    return nn.Sequential(nn.Linear(16, WIDTH), *layers, nn.Linear(WIDTH, 4))


def selu_net() -> nn.Module:
    layers: list[nn.Module] = []
    for inner in [16] + 7 * [WIDTH]:
        linear = nn.Linear(inner, WIDTH)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="linear")
        layers += [linear, nn.SELU(), nn.AlphaDropout(0.05)]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 4))


class NeuralODE(nn.Module):
    """Twenty Euler steps of one small field."""

    def __init__(self, steps: int = 20) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(16, WIDTH), nn.Linear(WIDTH, 4)
        self.field = nn.Sequential(nn.Linear(WIDTH, 64), nn.Tanh(), nn.Linear(64, WIDTH))
        self.steps = steps

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(self.steps):
            x = x + self.field(x) / self.steps
        return self.head(x)  # type: ignore[no-any-return]


class Equilibrium(nn.Module):
    """Ten rounds without gradient to a fixed point, then one with it (a deep equilibrium)."""

    def __init__(self) -> None:
        super().__init__()
        self.inject, self.mix = nn.Linear(16, WIDTH), spectral_norm(nn.Linear(WIDTH, WIDTH))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4)

    def _round(self, z: Tensor, x: Tensor) -> Tensor:
        out: Tensor = self.norm(torch.tanh(0.9 * self.mix(z) + x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        x = self.inject(x)
        z = torch.zeros_like(x)
        with torch.no_grad():
            for _ in range(10):
                z = self._round(z, x)
        return self.head(self._round(z, x))  # type: ignore[no-any-return]


def weight_normed() -> nn.Module:
    layers: list[nn.Module] = []
    for inner in (16, WIDTH, WIDTH, WIDTH):
        layers += [weight_norm(nn.Linear(inner, WIDTH)), nn.ELU()]
    return nn.Sequential(*layers, weight_norm(nn.Linear(WIDTH, 4)))


class MixtureDensity(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(16, WIDTH), nn.Tanh())
        self.share, self.mean = nn.Linear(WIDTH, 5), nn.Linear(WIDTH, 5)
        self.log_deviation = nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        h = self.hidden(x)
        log_deviation = self.log_deviation(h)
        away = (y.unsqueeze(1) - self.mean(h)) / log_deviation.exp()
        likely = self.share(h).log_softmax(1) - 0.5 * away.square() - log_deviation
        return {"loss": -likely.logsumexp(1).mean()}


def residual_mlp() -> nn.Module:
    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm1d(WIDTH)
            self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = x + self.second(F.relu(self.first(F.relu(self.norm(x)))))
            return out

    return nn.Sequential(nn.Linear(16, WIDTH), *(Branch() for _ in range(10)), nn.Linear(WIDTH, 4))


def _classes() -> tuple[Tensor, Tensor]:
    return torch.randn(ROWS, 16), torch.randint(0, 4, (ROWS,))


def _surface() -> tuple[Tensor, Tensor]:
    points = 2 * torch.rand(ROWS, 2) - 1
    return points, torch.sin(5 * points.sum(1, keepdim=True))


def _classifier(name: str, build: Any) -> Standard:
    return Standard(name, "torch.nn", build, _classes, F.cross_entropy)


VECTORS: tuple[Standard, ...] = (
    Standard("SIREN", "torch.nn", siren, _surface, F.mse_loss),
    Standard("PINN, tanh", "torch.nn", pinn, lambda: torch.rand(ROWS, 2), step=heat),
    _classifier("Highway, 20 layers", highway),
    _classifier("SELU", selu_net),
    _classifier("neural ODE, Euler", NeuralODE),
    _classifier("deep equilibrium", Equilibrium),
    _classifier("MLP, weight norm", weight_normed),
    _classifier("MLP, residual with BatchNorm", residual_mlp),
    Standard(
        "mixture density",
        "torch.nn",
        MixtureDensity,
        lambda: (torch.randn(ROWS, 16), torch.randn(ROWS)),
    ),
)
