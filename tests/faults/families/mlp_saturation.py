"""Plain networks whose units sit at an end of their range, and some that may."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.mlp_dead import batchnorm_mlp, mlp, with_bias
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, NESTED, XOR, clusters

UNNORMALISED = clusters("unnormalised clusters", scale=100.0)


YEARS = clusters("clusters around 2000", shift=2000.0)


def with_normal(model: nn.Sequential, std: float, *layers: str) -> nn.Sequential:
    """The same model with weights drawn from N(0, std) in these layers, in all if none is named."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and (name in layers if layers else name != "out"):
            nn.init.normal_(module.weight, 0.0, std)
    return model


class Classifier(nn.Module):
    """A sigmoid squashes the input features first, as with a hand-made feature scaler."""

    def __init__(self, *, normalise: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(32) if normalise else nn.Identity()
        self.first, self.second = nn.Linear(32, 48), nn.Linear(48, 48)
        self.output = nn.Linear(48, 10)

    def forward(self, features: Tensor) -> Tensor:
        h = torch.tanh(self.first(self.norm(features)))
        h = torch.tanh(self.second(h))
        return self.output(h)


def saturated_logit(bias: float) -> nn.Sequential:
    """One logit for BCE with logits, with a prior of almost sure in its bias."""
    model = nn.Sequential(
        nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
    )
    nn.init.constant_(model[-1].bias, bias)
    return model


case = Family("mlp", CLUSTERS)

CASES: tuple[Case, ...] = (
    case(
        "batchnorm_gamma_1000_sigmoid", "batchnorm", lambda: batchnorm_mlp(0.0, 1000.0, nn.Sigmoid)
    ),
    case("batchnorm_sigmoid", "batchnorm", lambda: batchnorm_mlp(0.0, 1.0, nn.Sigmoid)),
    case(
        "relu6_at_its_top",
        "relu6",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.ReLU6), "fc1", 60.0),
        "saturation",
        "fc1 act1",
        also="dead_units collapse",
    ),
    case("relu6", "relu6", lambda: mlp(32, 32, 32, 10, activation=nn.ReLU6)),
    case(
        "hardtanh_normal_10",
        "hardtanh",
        lambda: with_normal(mlp(32, *[32] * 10, 10, activation=nn.Hardtanh), 10.0),
        "saturation",
        "fc1 act1",
        also="dead_units",
    ),
    case(
        "hardtanh_out_of_range",
        "hardtanh",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.Hardtanh), "fc2", 15.0),
        "saturation",
        "fc2 act2",
        also="dead_units collapse",
    ),
    case("hardtanh", "hardtanh", lambda: mlp(32, 32, 32, 10, activation=nn.Hardtanh)),
    case(
        "hardsigmoid_out_of_range",
        "hardtanh",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.Hardsigmoid), "fc2", -20.0),
        "saturation",
        "fc2 act2",
        also="dead_units collapse",
    ),
    case(
        "tanh_normal_10",
        "wide tanh",
        lambda: with_normal(mlp(16, *[32] * 16, 4, activation=nn.Tanh), 10.0),
        "saturation",
        "fc1 act1",
        task=NESTED,
        also="exploding",
    ),
    case(
        "tanh_normal_10_first",
        "wide tanh",
        lambda: with_normal(mlp(16, 32, 32, 4, activation=nn.Tanh), 10.0, "fc1"),
        task=NESTED,
    ),
    case(
        "tanh_gain_2",
        "wide tanh",
        lambda: with_normal(mlp(16, 32, 32, 32, 4, activation=nn.Tanh), 0.35),
        task=NESTED,
    ),
    case(
        "tanh_inputs_x100", "unnormalised", lambda: Classifier(normalise=False), task=UNNORMALISED
    ),
    case(
        "tanh_inputs_x100_layernorm",
        "unnormalised",
        lambda: Classifier(normalise=True),
        task=UNNORMALISED,
    ),
    case(
        "tanh_inputs_are_years",
        "unnormalised",
        lambda: Classifier(normalise=False),
        "saturation",
        "first",
        task=YEARS,
        also="collapse",
    ),
    case(
        "tanh_inputs_are_years_layernorm",
        "unnormalised",
        lambda: Classifier(normalise=True),
        task=YEARS,
    ),
    case("saturated_logit_bias", "logit", lambda: saturated_logit(-6.0), task=XOR),
    case("logit", "logit", lambda: saturated_logit(0.0), task=XOR),
    case(
        "sigmoid_bias_20",
        "sigmoid bias",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.Sigmoid), "fc1", 30.0),
        "saturation",
        "fc1 act1",
        also="collapse",
    ),
    case(
        "sigmoid_bias_1",
        "sigmoid bias",
        lambda: with_bias(mlp(32, 32, 32, 10, activation=nn.Sigmoid), "fc1", 1.0),
    ),
)
