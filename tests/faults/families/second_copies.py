"""Copies that stay copies, thresholds that are never reached, weights that round to nothing."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED, STAMPS

mlp = SecondFamily("mlp", NESTED)
cnn = SecondFamily("cnn", STAMPS)


def widened(noise: float) -> nn.Module:
    """A trained-size network made twice as wide by repeating its units."""
    small = nn.Sequential(nn.Linear(16, 20), nn.Tanh(), nn.Linear(20, 4))
    wide = nn.Sequential(nn.Linear(16, 40), nn.Tanh(), nn.Linear(40, 4))
    with torch.no_grad():
        wide[0].weight.copy_(small[0].weight.repeat(2, 1))
        wide[0].bias.copy_(small[0].bias.repeat(2))
        wide[2].weight.copy_(small[2].weight.repeat(1, 2) / 2)
        wide[0].weight.add_(noise * torch.randn(40, 16))
    return wide


class Filters(nn.Module):
    """A bank of filters with starting values from image processing."""

    def __init__(self, bank: str) -> None:
        super().__init__()
        self.bank = nn.Conv2d(1, 16, 5, padding=2)
        self.second = nn.Conv2d(16, 16, 3, padding=1)
        self.head = nn.Linear(16, 6)
        if bank == "box":
            for conv in (self.bank, self.second):
                nn.init.constant_(conv.weight, 1 / conv.weight[0].numel())
                nn.init.zeros_(conv.bias)
        if bank == "waves":
            places = torch.arange(5.0)
            for index in range(16):
                wave = torch.cos((index // 4) * places)[:, None] * torch.cos(
                    (index % 4) * places + 0.5
                )
                self.bank.weight.data[index, 0] = wave / 4

    def forward(self, images: Tensor) -> Tensor:
        h = F.relu(self.second(F.relu(self.bank(images))))
        return self.head(h.amax((2, 3)))


class Spike(torch.autograd.Function):
    """One above the threshold, zero below; backward as if it were a triangle."""

    @staticmethod
    def forward(context: Any, distance: Tensor) -> Tensor:
        context.save_for_backward(distance)
        return (distance > 0).float()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        (distance,) = context.saved_tensors
        return gradients[0] * (1 - distance.abs()).clamp(min=0)


class Neurons(nn.Module):
    """Leaky integrate-and-fire neurons, six steps of the same input."""

    def __init__(self, threshold: float = 1.0, *, surrogate: bool = True) -> None:
        super().__init__()
        self.current = nn.Linear(16, 64)
        self.readout = nn.Linear(64, 4)
        self.threshold, self.surrogate = threshold, surrogate

    def forward(self, x: Tensor) -> Tensor:
        drive = self.current(x)
        voltage, counted = torch.zeros_like(drive), torch.zeros_like(drive)
        for _ in range(6):
            voltage = 0.8 * voltage + drive
            above = voltage - self.threshold
            spikes = Spike.apply(above) if self.surrogate else (above > 0).float()
            voltage = voltage - spikes.detach() * self.threshold
            counted = counted + spikes
        return self.readout(counted / 6)


class Rounded(nn.Module):
    """Weights on a grid; the gradient goes past the rounding, or not."""

    def __init__(self, grid: float, *, straight: bool) -> None:
        super().__init__()
        self.grid, self.straight = grid, straight

    def forward(self, weight: Tensor) -> Tensor:
        rounded = (weight / self.grid).round() * self.grid
        return weight + (rounded - weight).detach() if self.straight else rounded


def on_grid(grid: float, *, straight: bool = True) -> nn.Module:
    model = nn.Sequential(
        nn.Linear(16, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 4)
    )
    for index in (0, 2, 4):
        parametrize.register_parametrization(
            model[index], "weight", Rounded(grid, straight=straight)
        )
    return model


class Bumps(nn.Module):
    """Distances to centres through a Gaussian of some width: radial basis functions."""

    def __init__(self, sharpness: float) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(64, 16))
        self.log_sharpness = nn.Parameter(torch.tensor(sharpness).log())

    def forward(self, x: Tensor) -> Tensor:
        squares = (x[:, None] - self.centres).square().mean(-1)
        return torch.exp(-self.log_sharpness.exp() * squares)


class Rates(nn.Module):
    """A large first step of training on one batch, taken while the model is made."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4)
        )
        points, labels = NESTED.batch(99)
        F.cross_entropy(self.net(100 * points), labels).backward()
        with torch.no_grad():
            for parameter in self.net.parameters():
                parameter.sub_(rate * parameter.grad)
        self.net.zero_grad()

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


CASES: tuple[Case, ...] = (
    mlp("widened_noise", "widened", lambda: widened(0.1)),
    mlp("widened_copies", "widened", lambda: widened(0.0), "symmetry", "0"),
    cnn("filters_waves", "filter bank", lambda: Filters("waves")),
    cnn("filters_box", "filter bank", lambda: Filters("box"), "symmetry", "bank"),
    mlp("spikes", "spikes", Neurons),
    mlp(
        "spikes_threshold_200",
        "spikes",
        lambda: Neurons(200.0),
        "dead_units",
        "current",
        also="collapse vanishing",
    ),
    mlp(
        "spikes_without_slope",
        "spikes",
        lambda: Neurons(surrogate=False),
        "disconnected",
        "current",
    ),
    mlp("grid_fine", "weight grid", lambda: on_grid(0.05)),
    mlp(
        "grid_no_slope",
        "weight grid",
        lambda: on_grid(0.05, straight=False),
        "vanishing",
        "0 2 4",
    ),
    mlp(
        "grid_coarse",
        "weight grid",
        lambda: on_grid(2.0),
        "collapse",
        "0",
        also="vanishing dead_units",
    ),
    mlp("bumps", "bumps", lambda: nn.Sequential(Bumps(1.0), nn.Linear(64, 4))),
    mlp(
        "bumps_sharp",
        "bumps",
        lambda: nn.Sequential(Bumps(1e4), nn.Linear(64, 4)),
        "dead_units",
        "0",
        also="vanishing collapse",
    ),
    mlp("first_step_small", "first step", lambda: Rates(1e-4)),
    mlp(
        "first_step_large",
        "first step",
        lambda: Rates(300.0),
        "exploding",
        "net.0 net.2 net.4",
    ),
)
