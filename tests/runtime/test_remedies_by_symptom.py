"""Each remedy has a case that it cures; its number is measured, and the model stays as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Finding, Remedy
from pytest_gradhealth.remedies import _rank
from tests.runtime.models import WIDTH, chain, he, labels, too_large, vectors

LSUV = "orthogonal_, scaled by the data (LSUV)"
RESIDUAL = "residual around each hidden layer"
STANDARD = "standardised inputs"
LEAKY = "LeakyReLU for ReLU"
RESET = "reset_parameters()"
SLOWER = "a smaller learning rate"


def found(symptom: str, model: nn.Module, x: Tensor) -> Finding:
    batch = (x, labels(len(x)))
    (finding,) = diagnose(model, batch, F.cross_entropy, checks=[symptom]).findings
    return finding


def remedies(finding: Finding) -> dict[str, Remedy]:
    return {remedy.name: remedy for remedy in finding.remedies}


class Damped(nn.Module):
    """Every layer's output is multiplied by a tenth, whatever its weights."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(depth))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        for layer in self.layers:
            x = 0.1 * layer(x).relu()
        return self.head(x)


def _dead(bias: float) -> nn.Module:
    model = chain(nn.ReLU, 3, init=he)
    nn.init.constant_(model[2].get_parameter("bias"), bias)
    return model


def _filled(activation: type[nn.Module], value: float) -> nn.Module:
    model = chain(activation, 3)
    for parameter in model.parameters():
        nn.init.constant_(parameter, value)
    return model


def _wide(weight: Tensor) -> None:
    nn.init.normal_(weight, std=50.0)


Sick = tuple[str, Callable[[], nn.Module], Callable[[], Tensor]]
CASES: dict[str, Sick] = {
    "damped": ("vanishing", lambda: Damped(8), vectors),
    "relu x20": ("vanishing", lambda: chain(nn.ReLU, 20), vectors),
    "large inputs": ("exploding", lambda: chain(nn.ReLU, 4, init=he), lambda: 1e4 * vectors()),
    "large weights": ("exploding", lambda: chain(nn.ReLU, 6, init=too_large), vectors),
    "dead": ("dead_units", lambda: _dead(-10.0), vectors),
    "saturated": ("saturation", lambda: chain(nn.Tanh, 3, init=_wide), vectors),
    "constant": ("symmetry", lambda: _filled(nn.Tanh, 0.1), vectors),
    "sigmoids": ("collapse", lambda: chain(nn.Sigmoid, 8), vectors),
}

# Case, remedy, and what it does there; the last of each case is a near miss.
OUTCOMES = [
    ("damped", LSUV, "healthy"),
    ("damped", "kaiming_normal_", "better"),
    ("relu x20", LSUV, "healthy"),
    ("relu x20", RESIDUAL, "healthy"),
    ("relu x20", RESET, "no better"),  # it is what made it so
    ("relu x20", LEAKY, "no better"),
    ("large inputs", STANDARD, "healthy"),
    ("large inputs", "kaiming_normal_", "no better"),
    ("large weights", "kaiming_normal_", "healthy"),
    ("large weights", RESET, "healthy"),
    ("dead", LEAKY, "healthy"),
    ("dead", RESET, "healthy"),
    ("dead", "kaiming_normal_", "healthy"),
    ("saturated", RESET, "healthy"),
    ("saturated", "xavier_normal_ (tanh gain)", "healthy"),
    ("constant", RESET, "healthy"),
    ("constant", "orthogonal_", "healthy"),
    ("sigmoids", "ReLU + kaiming_normal_", "healthy"),
    ("sigmoids", RESET, "no better"),
]

_FOUND: dict[str, Finding] = {}


def finding_of(case: str) -> Finding:
    """Made once a session: seven tests look at some of them."""
    if case not in _FOUND:
        symptom, make, batch = CASES[case]
        torch.manual_seed(1234)
        _FOUND[case] = found(symptom, make(), batch())
    return _FOUND[case]


@pytest.mark.parametrize(("case", "name", "outcome"), OUTCOMES)
def test_what_a_remedy_does(case: str, name: str, outcome: str) -> None:
    assert remedies(finding_of(case))[name].outcome == outcome, finding_of(case).remedies


def test_a_smaller_learning_rate_is_said_with_the_rate_that_works() -> None:
    remedy = remedies(finding_of("large weights"))[SLOWER]
    assert remedy.outcome == "better"
    told, _, rate = remedy.note.rpartition(" ")
    assert told == "SGD descends at"
    assert float(rate) < min(Limits().ordinary_learning_rates)


def test_inputs_that_are_standard_already_are_left_alone() -> None:
    assert STANDARD not in remedies(finding_of("large weights"))
    assert STANDARD in remedies(
        found("exploding", chain(nn.ReLU, 6, init=too_large), 9 * vectors())
    )


def test_only_what_the_model_has_is_exchanged() -> None:
    assert LEAKY not in remedies(finding_of("saturated"))
    assert "ReLU + kaiming_normal_" not in remedies(finding_of("relu x20"))
    assert SLOWER not in remedies(finding_of("relu x20"))  # no matter of the rate


@pytest.mark.parametrize("case", CASES)
def test_the_number_is_the_symptoms_own(case: str) -> None:
    finding = finding_of(case)
    assert finding.remedies
    for remedy in finding.remedies:
        if remedy.outcome != "healthy" or remedy.name.startswith("clip_grad_norm_"):
            continue
        if finding.symptom in {"dead_units", "saturation", "symmetry"}:
            assert remedy.value < finding.limit
        elif finding.symptom in {"vanishing", "collapse"}:
            assert remedy.value >= finding.limit
        else:
            assert remedy.value <= 100.0


@pytest.mark.parametrize("case", CASES)
def test_best_first(case: str) -> None:
    outcomes = [remedy.outcome for remedy in finding_of(case).remedies]
    assert outcomes == sorted(outcomes, key=["healthy", "better", "no better"].index)


@pytest.mark.parametrize(
    ("symptom", "values"),
    [
        ("vanishing", [1.2, 0.5, 30.0, 1e-3, 0.0]),
        ("collapse", [0.9, 0.1, 1e-3, 0.0]),
        ("dead_units", [0.0, 0.1, 0.5, 0.8]),
        ("saturation", [0.0, 0.1, 0.8]),
        ("symmetry", [0.0, 0.2, 0.4]),
    ],
)
def test_among_equals_the_better_number_comes_first(symptom: str, values: list[float]) -> None:
    made = [Remedy(f"{value}", value, "healthy") for value in values]
    rotated = [*made[1:], made[0]]
    assert sorted(rotated, key=lambda remedy: _rank(remedy, symptom)) == made


@pytest.mark.parametrize("case", CASES)
def test_model_and_batch_are_untouched(case: str) -> None:
    symptom, make, batch = CASES[case]
    model, x = make(), batch()
    before, seen = copy.deepcopy(model.state_dict()), x.clone()
    kinds = [type(module) for module in model.modules()]
    found(symptom, model, x)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [type(module) for module in model.modules()] == kinds
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.equal(x, seen)
