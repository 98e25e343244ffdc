"""Plain networks with units that never switch on, and some that merely look like it."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, clusters

POSITIVE = clusters("positive clusters", shift=6.0)


def mlp(*sizes: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """fc1, act1, fc2, act2, ... and out."""
    layers: list[tuple[str, nn.Module]] = []
    for index, (before, after) in enumerate(pairwise(sizes), 1):
        layers += [(f"fc{index}", nn.Linear(before, after)), (f"act{index}", activation())]
    last = layers[-2][1]
    return nn.Sequential(OrderedDict([*layers[:-2], ("out", last)]))


def with_bias(model: nn.Sequential, layer: str, value: float, share: float = 1.0) -> nn.Sequential:
    """The same model with that bias at so many of a layer's units."""
    bias = model.get_parameter(f"{layer}.bias")
    nn.init.constant_(bias[: round(share * len(bias))], value)
    return model


def negative_weights() -> nn.Sequential:
    """Every weight of the first layer at or below zero, for inputs that are positive."""
    model = mlp(32, 32, 32, 10)
    with torch.no_grad():
        model.get_parameter("fc1.weight").abs_().neg_()
    return model


def after_a_large_step(rate: float) -> nn.Sequential:
    """A model that somebody began to train at a learning rate of their choice."""
    model = mlp(32, 32, 32, 10)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    points, labels = POSITIVE.batch(-1)
    for _ in range(3):
        optimizer.zero_grad()
        F.cross_entropy(model(points), labels).backward()
        optimizer.step()
    return model


def batchnorm_mlp(bias: float, gamma: float, activation: Callable[[], nn.Module]) -> nn.Sequential:
    """Two hidden layers with BatchNorm; the first one's weight and bias are given."""
    norm = nn.BatchNorm1d(32)
    nn.init.constant_(norm.weight, gamma)
    nn.init.constant_(norm.bias, bias)
    return nn.Sequential(
        nn.Linear(32, 32),
        norm,
        activation(),
        nn.Linear(32, 32),
        nn.BatchNorm1d(32),
        activation(),
        nn.Linear(32, 10),
    )


class Negated(nn.Module):
    """Concatenates positive and negative parts, or means to."""

    def __init__(self, *, crelu: bool) -> None:
        super().__init__()
        self.inner = nn.Linear(32, 32)
        self.middle = nn.Linear(64 if crelu else 32, 32)
        self.head = nn.Linear(32, 10)
        self.crelu = crelu

    def forward(self, x: Tensor) -> Tensor:
        h = self.inner(x)
        h = torch.cat([F.relu(h), F.relu(-h)], dim=1) if self.crelu else F.relu(-F.relu(h))
        return self.head(F.relu(self.middle(h)))


case = Family("mlp", CLUSTERS)

CASES: tuple[Case, ...] = (
    case("bias_minus_0_3", "bias", lambda: with_bias(mlp(32, 32, 32, 10), "fc2", -0.3)),
    case("bias_constant", "bias", lambda: with_bias(mlp(32, 32, 32, 10), "fc1", 0.1)),
    case(
        "bias_minus_20",
        "bias",
        lambda: with_bias(mlp(32, 32, 32, 10), "fc2", -20.0),
        "dead_units",
        "fc2 act2",
        also="collapse",
    ),
    case(
        "bias_minus_20_first",
        "bias",
        lambda: with_bias(mlp(32, 32, 32, 32, 10), "fc1", -40.0),
        "dead_units",
        "fc1 act1",
        also="collapse",
    ),
    case(
        "bias_minus_20_leaky",
        "bias",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.LeakyReLU), "fc2", -20.0),
    ),
    case(
        "nine_in_ten_dead",
        "bias",
        lambda: with_bias(mlp(32, 64, 64, 10), "fc2", -30.0, 0.9),
        "dead_units",
        "fc2 act2",
    ),
    case("one_in_four_dead", "bias", lambda: with_bias(mlp(32, 64, 64, 10), "fc2", -30.0, 0.25)),
    case(
        "negative_weights",
        "positive",
        negative_weights,
        "dead_units",
        "fc1 act1",
        task=POSITIVE,
        also="collapse",
    ),
    case("positive_inputs", "positive", lambda: mlp(32, 32, 32, 10), task=POSITIVE),
    case(
        "after_a_step_of_10",
        "positive",
        lambda: after_a_large_step(10.0),
        "dead_units",
        "fc1 act1 fc2 act2",
        task=POSITIVE,
        also="collapse",
    ),
    case("after_a_step_of_0_01", "positive", lambda: after_a_large_step(0.01), task=POSITIVE),
    case(
        "relu_of_minus_relu",
        "negated",
        lambda: Negated(crelu=False),
        "dead_units",
        "inner",
        also="collapse",
    ),
    case("crelu", "negated", lambda: Negated(crelu=True)),
    case(
        "batchnorm_beta_minus_10",
        "batchnorm",
        lambda: batchnorm_mlp(-10.0, 1.0, nn.ReLU),
        "dead_units",
        "1 2",
        also="collapse",
    ),
    case("batchnorm_beta_minus_1", "batchnorm", lambda: batchnorm_mlp(-1.0, 1.0, nn.ReLU)),
    case("batchnorm_gamma_zero", "batchnorm", lambda: batchnorm_mlp(0.0, 0.0, nn.SiLU)),
)
