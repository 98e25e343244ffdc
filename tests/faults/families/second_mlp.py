"""Plain networks from a config, with weight norm, with powers, with biases from data."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import CLUSTERS, NESTED, clusters

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "mish": nn.Mish,
    "hardsigmoid": nn.Hardsigmoid,
    "softsign": nn.Softsign,
    "relu": nn.ReLU,
}


@dataclass
class TabularConfig:
    """What an experiment file says about the network."""

    depth: int = 4
    hidden: int = 40
    activation: str = "mish"
    norm: bool = False
    init_std: float | None = None


#: As many steps as a deep network is worth waiting for.
SOON = clusters("clusters, 120 steps", steps=120)


class TabularNet(nn.Module):
    """Named blocks, an initialisation by ``apply``, a head."""

    def __init__(self, config: TabularConfig) -> None:
        super().__init__()
        self.config = config
        width = 32
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        for number in range(config.depth):
            parts: OrderedDict[str, nn.Module] = OrderedDict(fc=nn.Linear(width, config.hidden))
            if config.norm:
                parts["norm"] = nn.LayerNorm(config.hidden)
            parts["act"] = ACTIVATIONS[config.activation]()
            blocks[f"block{number}"] = nn.Sequential(parts)
            width = config.hidden
        self.encoder = nn.Sequential(blocks)
        self.predictor = nn.Linear(width, 10)
        if config.init_std is not None:
            self.encoder.apply(self._init)

    def _init(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=self.config.init_std)
            nn.init.zeros_(module.bias)

    def forward(self, features: Tensor) -> Tensor:
        return self.predictor(self.encoder(features))


def tabular(**changes: object) -> nn.Module:
    return TabularNet(TabularConfig(**changes))


def normed(depth: int, gain: float) -> nn.Sequential:
    """Layers whose length is a parameter of its own, set to ``gain``."""
    layers: list[nn.Module] = []
    for index in range(depth):
        linear = weight_norm(nn.Linear(16 if index == 0 else 32, 32))
        nn.init.constant_(linear.parametrizations.weight.original0, gain)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(32, 4))


class Cubic(nn.Module):
    """Third powers between linear maps, perhaps normalised before."""

    def __init__(self, depth: int, *, norm: bool, gain: float) -> None:
        super().__init__()
        self.maps = nn.ModuleList([nn.Linear(16 if i == 0 else 32, 32) for i in range(depth)])
        self.norms = nn.ModuleList(
            [nn.RMSNorm(32) if norm else nn.Identity() for _ in range(depth)]
        )
        self.last = nn.Linear(32, 4)
        for linear in self.maps:
            nn.init.xavier_normal_(linear.weight, gain)

    def forward(self, x: Tensor) -> Tensor:
        for linear, norm in zip(self.maps, self.norms, strict=True):
            x = norm(linear(x)).pow(3)
        return self.last(x)


class Calibrated(nn.Module):
    """Sets the first layer's biases from a batch of data, as data-dependent initialisation does."""

    def __init__(self, deviations: float, *, share: float = 1.0) -> None:
        super().__init__()
        self.detectors = nn.Linear(16, 48)
        self.combine = nn.Linear(48, 32)
        self.classes = nn.Linear(32, 4)
        with torch.no_grad():
            found = self.detectors(NESTED.batch(7)[0])
            chosen = slice(0, int(share * 48))
            threshold = found.mean(0) + deviations * found.std(0)
            self.detectors.bias[chosen] -= threshold[chosen]

    def forward(self, x: Tensor) -> Tensor:
        found = F.relu(self.detectors(x))
        return self.classes(F.relu(self.combine(found)))


case = SecondFamily("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("tabular_mish", "tabular config", tabular, task=CLUSTERS),
    case(
        "tabular_hardsigmoid_9",
        "tabular config",
        lambda: tabular(depth=9, activation="hardsigmoid"),
        "vanishing",
        "encoder.block0",
        CLUSTERS,
        "collapse",
    ),
    case(
        "tabular_softsign_4",
        "tabular config",
        lambda: tabular(activation="softsign"),
        task=CLUSTERS,
    ),
    case(
        "tabular_trunc_normal_24",
        "tabular config",
        lambda: tabular(depth=24, init_std=0.002),
        "vanishing",
        "encoder.block0",
        SOON,
        "collapse",
    ),
    case(
        "tabular_trunc_normal_layernorm_7",
        "tabular config",
        lambda: tabular(depth=7, init_std=0.002, norm=True),
        task=CLUSTERS,
    ),
    case("weight_norm_6", "weight norm", lambda: normed(6, 1.4)),
    case(
        "weight_norm_12_gain_tenth",
        "weight norm",
        lambda: normed(12, 0.1),
        "vanishing",
        "0",
        also="collapse",
    ),
    case(
        "weight_norm_24_gain_30",
        "weight norm",
        lambda: normed(24, 30.0),
        "exploding",
        "0",
        also="nonfinite",
    ),
    case("cubic_3_rms_norm", "cubic", lambda: Cubic(3, norm=True, gain=1.0)),
    case(
        "cubic_3",
        "cubic",
        lambda: Cubic(3, norm=False, gain=3.0),
        "exploding",
        "maps.0 maps.1 maps.2",
        also="nonfinite",
    ),
    case("calibrated_at_mean", "calibrated", lambda: Calibrated(0.0)),
    case("calibrated_third_off", "calibrated", lambda: Calibrated(8.0, share=1 / 3)),
    case(
        "calibrated_past_range",
        "calibrated",
        lambda: Calibrated(8.0),
        "dead_units",
        "detectors",
        also="collapse vanishing",
    ),
)
