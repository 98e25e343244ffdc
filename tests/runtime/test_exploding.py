"""Exploding: growth that no ordinary learning rate survives; growth alone accuses nobody."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_no_exploding, diagnose
from pytest_gradhealth.checks.exploding import is_stable
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Trial
from tests.runtime.models import (
    WIDTH,
    Gated,
    Recurrent,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    labels,
    tokens,
    too_large,
    vectors,
    xavier,
)


def _unit(weight: Tensor) -> None:
    nn.init.normal_(weight)


class Unnormalised(nn.Module):
    """Residual blocks that double the stream and have nothing to hold it."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(depth))
        self.head = nn.Linear(WIDTH, 4)
        for block in self.blocks:
            nn.init.normal_(block.get_parameter("weight"), std=3 / math.sqrt(WIDTH))

    def forward(self, x: Tensor) -> Any:
        for block in self.blocks:
            x = x + block(x).relu()
        return self.head(x)


SICK: dict[str, Callable[[], nn.Module]] = {
    "relu x8, four times He": lambda: chain(nn.ReLU, 8, init=too_large),
    "relu x20, four times He": lambda: chain(nn.ReLU, 20, init=too_large),
    "relu x6, N(0, 1)": lambda: chain(nn.ReLU, 6, init=_unit),
    "gelu x8, N(0, 1)": lambda: chain(nn.GELU, 8, init=_unit),
    "linear x8, N(0, 1)": lambda: chain(nn.Identity, 8, init=_unit),
    "residual without norm x12": lambda: Unnormalised(12),
}

HEALTHY: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "relu x12, He": (lambda: chain(nn.ReLU, 12, init=he), vectors),
    "tanh x12, Xavier": (lambda: chain(nn.Tanh, 12, init=xavier), vectors),
    "relu x20, batch norm": (lambda: chain(nn.ReLU, 20, norm=nn.BatchNorm1d), vectors),
    "relu x20, four times He, layer norm": (
        lambda: chain(nn.ReLU, 20, init=too_large, norm=nn.LayerNorm),
        vectors,
    ),
    "residual x20": (lambda: Gated(20, 1.0), vectors),
    "resnet": (lambda: SmallResNet(6), images),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(4, 20, 8)),
    "transformer": (lambda: Transformer(4), tokens),
}


@pytest.mark.parametrize("name", SICK)
def test_sick_chains_are_accused(name: str) -> None:
    model, x = SICK[name](), vectors()
    diagnosis = diagnose(model, x)
    assert diagnosis.symptoms == {"exploding"}, diagnosis.reasons
    (finding,) = diagnosis.findings
    assert finding.measured > finding.limit == Limits().exploding_growth
    tried = [text for label, text in finding.observations if label == "Tried"]
    assert len(tried) == len(Limits().ordinary_learning_rates)
    assert any(remedy.outcome == "healthy" for remedy in finding.remedies)
    with pytest.raises(GradientHealthError, match=r"^exploding: "):
        assert_no_exploding(model, x)


@pytest.mark.parametrize("name", HEALTHY)
def test_near_misses_are_not(name: str) -> None:
    make, batch = HEALTHY[name]
    diagnosis = diagnose(make(), batch())
    assert diagnosis.healthy, diagnosis.reasons
    assert diagnosis.verdicts["exploding"] == "pass"


def test_growth_that_sgd_survives_is_a_pass_with_the_reason() -> None:
    # Batch norm without residuals grows by design; here every layer adds a little.
    model = chain(nn.ReLU, 40, norm=nn.BatchNorm1d)
    limits = Limits(exploding_growth=1.0)
    diagnosis = diagnose(model, vectors(), limits=limits)
    assert diagnosis.verdicts["exploding"] == "pass"
    assert "SGD descends" in diagnosis.reasons["exploding"][-1]
    assert diagnosis.passes > 1


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_losss_scale_does_not_excuse_a_sick_model(scale: float) -> None:
    diagnosis = diagnose(
        chain(nn.ReLU, 12, init=too_large),
        (vectors(), labels()),
        lambda out, y: scale * F.cross_entropy(out, y),
    )
    assert diagnosis.symptoms == {"exploding"}, diagnosis.reasons


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_losss_scale_does_not_accuse_a_healthy_one(scale: float) -> None:
    diagnosis = diagnose(
        chain(nn.ReLU, 8, init=he),
        (vectors(), labels()),
        lambda out, y: scale * F.cross_entropy(out, y),
    )
    assert diagnosis.healthy, diagnosis.reasons


@pytest.mark.parametrize(
    ("losses", "share_after", "stable"),
    [
        ((2.0, 1.0), 0.5, True),
        ((2.0, 2.0), 0.5, True),
        ((2.0, 3.0), 0.5, False),
        ((2.0, math.inf), 0.5, False),
        ((2.0, math.nan), 0.5, False),
        ((2.0, 1.0), 0.0, False),  # a lower loss by killing the network
    ],
)
def test_a_trial_is_stable_only_if_the_network_lives(
    losses: tuple[float, ...], share_after: float, stable: bool
) -> None:
    assert is_stable(Trial(0.1, None, losses, share_after), Limits()) is stable


def test_forward_overflow_is_told_by_its_growth() -> None:
    model = chain(nn.ReLU, 40, init=lambda w: nn.init.normal_(w, std=5.0))
    diagnosis = diagnose(model, vectors())
    assert {"exploding", "nonfinite"} <= diagnosis.symptoms
    finding = next(f for f in diagnosis.findings if f.symptom == "exploding")
    assert "overflow" in finding.message
    assert finding.limit_name == "overflow_growth"
    assert finding.where in {row.name for row in diagnosis.report.layers}


def test_an_infinite_input_is_not_growth() -> None:
    x = vectors()
    x[0, 0] = math.inf
    assert diagnose(chain(nn.ReLU, 4, init=he), x).symptoms == {"nonfinite"}


def test_a_model_in_float16_overflows_sooner_and_says_the_same() -> None:
    model = chain(nn.ReLU, 14, init=too_large).half()
    symptoms = diagnose(model, vectors().half()).symptoms
    assert "nonfinite" in symptoms or "exploding" in symptoms


def test_the_limit_decides() -> None:
    model, x = chain(nn.ReLU, 8, init=too_large), vectors()
    assert diagnose(model, x, limits=Limits(exploding_growth=1e12, steepness=1e20)).healthy
