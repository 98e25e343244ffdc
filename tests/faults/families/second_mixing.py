"""Steps that are mixed by fixed distances or by a small network of their own."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import SIGNALS

DIM = 32

case = SecondFamily("transformer", SIGNALS)


class Slopes(nn.Module):
    """Scores lowered (or raised, with the wrong sign) by distance, as in ALiBi."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.embed = nn.Linear(8, DIM)
        self.q, self.k, self.v = (nn.Linear(DIM, DIM, bias=False) for _ in range(3))
        self.out = nn.Sequential(nn.Linear(DIM, DIM), nn.ReLU(), nn.Linear(DIM, 4))
        steps = torch.arange(8.0)
        self.register_buffer("bias", slope * (steps[None] - steps[:, None]).abs())

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        scores = self.q(h) @ self.k(h).mT / DIM**0.5 + self.bias
        return self.out((scores.softmax(-1) @ self.v(h))[:, -1])


class Mixer(nn.Module):
    """Mixes over steps, then over features."""

    def __init__(self, bias: float = 0.0) -> None:
        super().__init__()
        self.embed = nn.Linear(8, DIM)
        self.norms = nn.ModuleList([nn.LayerNorm(DIM) for _ in range(4)])
        self.steps = nn.ModuleList([self.mlp(8) for _ in range(2)])
        self.features = nn.ModuleList([self.mlp(DIM) for _ in range(2)])
        self.head = nn.Linear(DIM, 4)
        nn.init.constant_(self.steps[1][0].bias, bias)

    @staticmethod
    def mlp(size: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(size, 48), nn.ReLU(), nn.Linear(48, size))

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        for index in range(2):
            h = h + self.steps[index](self.norms[2 * index](h).mT).mT
            h = h + self.features[index](self.norms[2 * index + 1](h))
        return self.head(h.mean(1))


CASES: tuple[Case, ...] = (
    case("slopes", "slopes", lambda: Slopes(-0.1)),
    case(
        "slopes_steep",
        "slopes",
        lambda: Slopes(-1000.0),
        "saturation",
        "q k",
        also="disconnected vanishing",
    ),
    case("mixer", "mixer", Mixer),
    case("mixer_bias_minus_50", "mixer", lambda: Mixer(-50.0), "dead_units", "steps.1"),
)
