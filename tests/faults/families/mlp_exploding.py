"""Plain networks whose gradients or activations grow without bound, and some that hold."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.mlp_vanishing import SHORT, chain, he
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, LINE, NESTED, REGRESSION


def line_chain(depth: int, mean: float, std: float, *, bias: bool = True) -> nn.Sequential:
    """One unit a layer."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        linear = nn.Linear(1, 1, bias)
        nn.init.normal_(linear.weight, mean, std)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers)


def wide_normal(std: float) -> Callable[[nn.Linear], object]:
    return lambda linear: nn.init.normal_(linear.weight, 0.0, std)


def rescaled(factor: float) -> nn.Sequential:
    """Weights multiplied after they were loaded."""
    model = chain(20, nn.ReLU, he)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("weight"):
                parameter.mul_(factor)
    return model


class Doubling(nn.Module):
    """Each block adds up two branches; the mean of them would keep the scale."""

    def __init__(self, depth: int, *, mean: bool) -> None:
        super().__init__()
        self.left = nn.ModuleList([nn.Linear(32, 32) for _ in range(depth)])
        self.right = nn.ModuleList([nn.Linear(32, 32) for _ in range(depth)])
        for linear in (*self.left, *self.right):
            nn.init.orthogonal_(linear.weight, gain=1.5)
        self.head = nn.Linear(32, 10)
        self.mean = mean

    def forward(self, x: Tensor) -> Tensor:
        for left, right in zip(self.left, self.right, strict=True):
            total = F.leaky_relu(left(x), 0.2) + F.leaky_relu(right(x), 0.2) + x
            x = total / 3**0.5 / 1.5 if self.mean else total * 2
        return self.head(x)


class Polynomial(nn.Module):
    """Squares its features again and again; bounded features keep that in check."""

    def __init__(self, *, bounded: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16, 16) for _ in range(6)])
        self.head = nn.Linear(16, 4)
        self.bounded = bounded

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            h = layer(x)
            x = h + torch.tanh(h) ** 2 if self.bounded else (3 * h) ** 2
        return self.head(x)


HUGE_REGRESSION = replace(
    REGRESSION,
    name="regression, inputs x1e4",
    batch=lambda seed: (1e4 * REGRESSION.batch(seed)[0], REGRESSION.batch(seed)[1]),
)


def regressor(norm: bool) -> nn.Sequential:
    first = [nn.BatchNorm1d(16)] if norm else []
    return nn.Sequential(
        *first, nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
    )


case = Family("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("seed_chain", "line", lambda: line_chain(20, 1.5, 0.1), "exploding", "0", task=LINE),
    case("seed_chain_near_1", "line", lambda: line_chain(20, 1.0, 0.01, bias=False), task=LINE),
    case(
        "relu_30_normal_1",
        "normal",
        lambda: chain(30, nn.ReLU, wide_normal(1.0)),
        "exploding",
        "0",
        task=CLUSTERS,
    ),
    case("relu_4_normal", "normal", lambda: chain(4, nn.ReLU, wide_normal(0.3)), task=CLUSTERS),
    case(
        "relu_10_normal_half",
        "normal",
        lambda: chain(10, nn.ReLU, wide_normal(0.5)),
        "exploding",
        "0",
        task=CLUSTERS,
    ),
    case(
        "leaky_60_normal",
        "normal",
        lambda: chain(60, lambda: nn.LeakyReLU(0.2), wide_normal(0.5)),
        "exploding",
        "0",
        task=SHORT,
    ),
    case("rescaled_x30", "rescaled", lambda: rescaled(30.0), "exploding", "0", task=CLUSTERS),
    case("rescaled_x1", "rescaled", lambda: rescaled(1.0), task=CLUSTERS),
    case(
        "doubling",
        "doubling",
        lambda: Doubling(50, mean=False),
        "exploding",
        "left.0 right.0",
        task=SHORT,
    ),
    case("doubling_mean", "doubling", lambda: Doubling(8, mean=True), task=CLUSTERS),
    case(
        "squares",
        "squares",
        lambda: Polynomial(bounded=False),
        "exploding",
        "layers.0",
        also="nonfinite",
    ),
    case("squares_bounded", "squares", lambda: Polynomial(bounded=True)),
    case(
        "inputs_x10000", "inputs", lambda: regressor(False), "exploding", "0", task=HUGE_REGRESSION
    ),
    case("inputs_x10000_batchnorm", "inputs", lambda: regressor(True), task=HUGE_REGRESSION),
)
