"""Critics with spectral norm and with the batch's deviation; a generator of points."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from tests.faults.case import Case
from tests.faults.families.gan_generator import FixedCritic
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks_sequence import CRITIC, GENERATION, REAL_OR_FAKE

case = SecondFamily("gan", REAL_OR_FAKE)


class Lipschitz(nn.Module):
    """Every layer stretches by one at most, times a factor."""

    def __init__(self, depth: int, factor: float) -> None:
        super().__init__()
        self.trunk = nn.ModuleList(
            [spectral_norm(nn.Linear(8 if i == 0 else 48, 48)) for i in range(depth)]
        )
        self.verdict = nn.Linear(48, 1)
        self.factor = factor

    def forward(self, points: Tensor) -> Tensor:
        for layer in self.trunk:
            points = F.leaky_relu(self.factor * layer(points), 0.2)
        return self.verdict(points)


class Deviation(nn.Module):
    """Appends how much each feature varies over the batch, as in progressive growing."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        centred = features - features.mean(0)
        deviation = torch.sqrt(centred.square().mean(0) + self.eps)
        return torch.cat([features, deviation.expand_as(features)], dim=1)


class BatchCritic(nn.Module):
    """Features, their deviation, an answer; the first features may be on for the whole batch."""

    def __init__(self, eps: float, bias: float = 0.0) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh())
        self.deviation = Deviation(eps)
        self.answer = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1))
        with torch.no_grad():
            self.features[2].bias[:8].add_(bias)

    def forward(self, points: Tensor) -> Tensor:
        return self.answer(self.deviation(self.features(points)))


def fill(value: float, spread: float = 0.0, bias: float = 0.0) -> Callable[[nn.Module], None]:
    """For ``apply``, as DCGAN initialises its layers."""

    def init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, value, spread)
            nn.init.constant_(module.bias, bias)

    return init


class Points(nn.Module):
    """Noise and a wish to a point; a fixed critic judges it."""

    def __init__(self, weights_init: Callable[[nn.Module], None] | None = None) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(12, 40), nn.ReLU(True), nn.Linear(40, 40), nn.ReLU(True), nn.Linear(40, 8)
        )
        self.critic = FixedCritic(4.0, 0.5)
        if weights_init is not None:
            self.main.apply(weights_init)

    def forward(self, noise: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        points = self.main(torch.cat([noise * 0.3, wanted], dim=1))
        return points, self.critic(points, wanted)


class LabelPoints(nn.Module):
    """Each wish has an embedding; the wish is looked up or kept as it is."""

    def __init__(self, *, size: float, shared: bool = False) -> None:
        super().__init__()
        self.table = nn.Embedding(4, 16, max_norm=size)
        self.lift = nn.Linear(8, 16)
        self.merge = nn.Sequential(nn.ELU(), nn.Linear(16, 48), nn.ELU(), nn.Linear(48, 8))
        self.critic = FixedCritic(4.0, 0.5)
        self.shared = shared

    def forward(self, noise: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        index = (wanted.argmax(1) // 4) if self.shared else wanted.argmax(1)
        points = self.merge(0.2 * self.lift(noise) + self.table(index))
        return points, self.critic(points, wanted)


CASES: tuple[Case, ...] = (
    case("lipschitz_3", "lipschitz", lambda: Lipschitz(3, 2.0), task=CRITIC),
    case(
        "lipschitz_12_hundredth",
        "lipschitz",
        lambda: Lipschitz(12, 0.01),
        "vanishing",
        "trunk.0",
        CRITIC,
        "collapse",
    ),
    case(
        "lipschitz_12_thousandfold",
        "lipschitz",
        lambda: Lipschitz(12, 1000.0),
        "exploding",
        "trunk",
        CRITIC,
        "nonfinite",
    ),
    case("batch_deviation_eps", "batch deviation", lambda: BatchCritic(1e-4, 40.0)),
    case(
        "batch_deviation",
        "batch deviation",
        lambda: BatchCritic(0.0, 40.0),
        "nonfinite",
        "deviation",
    ),
    case("points", "points", Points, task=GENERATION),
    case(
        "points_started_sparse",
        "points",
        lambda: Points(fill(0.0, 0.02, -1.0)),
        "dead_units",
        "main.0 main.1",
        GENERATION,
        "collapse vanishing",
    ),
    case(
        "points_constant",
        "points",
        lambda: Points(fill(0.05)),
        "symmetry",
        "main.0",
        GENERATION,
    ),
    case("label_points", "label points", lambda: LabelPoints(size=3.0), task=GENERATION),
    case(
        "label_points_one_row",
        "label points",
        lambda: LabelPoints(size=3.0, shared=True),
        "collapse",
        "table merge",
        GENERATION,
    ),
)
