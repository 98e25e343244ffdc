"""Remedies are measured on a copy, ranked, and claimed only as measured."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Remedy
from pytest_gradhealth.remedies import _progress


def remedies(model: nn.Module, batch: Any, **keywords: Any) -> dict[str, Remedy]:
    finding = diagnose(model, batch, **keywords).findings[0]
    return {remedy.name: remedy for remedy in finding.remedies}


def sigmoids(depth: int = 20) -> nn.Module:
    torch.manual_seed(0)
    layers = [m for _ in range(depth) for m in (nn.Linear(16, 16), nn.Sigmoid())]
    return nn.Sequential(*layers, nn.Linear(16, 2))


def test_the_textbook_cures_of_deep_sigmoids() -> None:
    found = remedies(sigmoids(), torch.randn(32, 16))
    assert found["ReLU + kaiming_normal_"].outcome == "healthy"
    assert found["BatchNorm after each hidden layer"].outcome == "healthy"
    assert found["kaiming_normal_"].outcome != "healthy"


def test_best_first() -> None:
    finding = diagnose(sigmoids(), torch.randn(32, 16)).findings[0]
    order = ["healthy", "better", "no better"]
    ranks = [order.index(remedy.outcome) for remedy in finding.remedies]
    assert ranks == sorted(ranks)


def test_clipping_cures_what_it_cures() -> None:
    torch.manual_seed(0)
    steep = nn.Sequential(*[m for _ in range(12) for m in (nn.Linear(32, 32), nn.ReLU())])
    for layer in steep:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.6)
            nn.init.zeros_(layer.bias)
    found = remedies(steep, torch.randn(16, 32))
    assert found["kaiming_normal_"].outcome == "healthy"
    assert "descends at" in found["clip_grad_norm_(max_norm=1)"].note


def test_sequences_get_no_batch_norm() -> None:
    found = remedies(sigmoids(), torch.randn(4, 7, 16))
    assert "BatchNorm after each hidden layer" not in found
    assert "LayerNorm after each hidden layer" in found


def test_no_time_means_no_remedies() -> None:
    limits = Limits(remedy_seconds=0.0)
    finding = diagnose(sigmoids(), torch.randn(8, 16), limits=limits).findings[0]
    assert finding.remedies == ()


def test_a_model_that_cannot_be_copied_has_no_remedies() -> None:
    class Uncopyable(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = sigmoids()

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.body(x)
            return y

        def __deepcopy__(self, memo: dict[int, Any]) -> Uncopyable:
            raise TypeError

    finding = diagnose(Uncopyable(), torch.randn(8, 16)).findings[0]
    assert finding.remedies == ()


@pytest.mark.parametrize(
    ("symptom", "before", "after", "outcome"),
    [
        ("vanishing", 1e-8, 1e-6, "better"),
        ("vanishing", 1e-8, 1.5e-8, "no better"),
        ("vanishing", 1e-8, 1e6, "no better"),
        ("exploding", 1e6, 1e3, "better"),
        ("exploding", 1e6, 1e-17, "no better"),
        ("exploding", 1e6, 2e6, "no better"),
    ],
)
def test_the_other_symptom_is_no_improvement(
    symptom: str, before: float, after: float, outcome: str
) -> None:
    assert _progress(symptom, before, after, Limits()) == outcome


def test_the_model_is_untouched() -> None:
    model = sigmoids()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    diagnose(model, torch.randn(8, 16))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [type(module) for module in model.children()][1::2] == [nn.Sigmoid] * 20


def test_an_overflow_gets_remedies_in_a_unit_of_their_own() -> None:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for _ in range(60):
        linear = nn.Linear(32, 32)
        nn.init.normal_(linear.weight, 0.0, 3.0)
        layers += [linear, nn.ReLU()]
    diagnosis = diagnose(nn.Sequential(*layers), torch.randn(8, 32))
    (exploding,) = (f for f in diagnosis.findings if f.symptom == "exploding")
    assert exploding.limit_name == "overflow_growth"
    cures = {remedy.name: remedy for remedy in exploding.remedies}
    assert cures["kaiming_normal_"].outcome == "healthy"
    assert all(math.isfinite(remedy.value) for remedy in exploding.remedies)
