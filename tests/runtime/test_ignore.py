"""What the caller vouches for with ``ignore=`` is expected, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import (
    GradientHealthError,
    Limits,
    ProbeError,
    assert_connected,
    assert_healthy,
    assert_no_collapse,
    assert_no_dead_units,
    assert_no_exploding,
    assert_no_saturation,
    assert_no_underflow,
    assert_no_vanishing,
    assert_symmetry_broken,
    diagnose,
)
from pytest_gradhealth.assertions import SymptomAssertion
from tests.runtime.models import (
    WIDTH,
    chain,
    he,
    labels,
    too_large,
    vectors,
)

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


class Detached(nn.Module):
    """A body whose first layer is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.first(x).detach())


def _dead() -> nn.Module:
    model = chain(nn.ReLU, 2, init=he)
    nn.init.constant_(model[2].get_parameter("bias"), -100.0)
    return model


def _constant() -> nn.Module:
    model = chain(nn.Tanh, 2)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model


def _flat() -> nn.Module:
    model = chain(nn.Tanh, 2)
    nn.init.normal_(model[2].get_parameter("weight"), std=50.0)
    return model


class Alike(nn.Module):
    """Every sample gets the batch's mean."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.first(x).mean(0, keepdim=True).expand(len(x), -1))


def _steep() -> nn.Module:
    return chain(nn.ReLU, 8, init=too_large)


# Assertion, sick model, patterns that excuse it, patterns that do not.
Case = tuple[SymptomAssertion, Callable[[], nn.Module], list[str], list[str]]
IGNORED: dict[str, Case] = {
    "vanishing": (assert_no_vanishing, lambda: chain(nn.Sigmoid, 8), ["0"], ["2", "00", "*.bias"]),
    "exploding": (assert_no_exploding, _steep, ["0"], ["2", "1?", "*.bias"]),
    "dead_units": (assert_no_dead_units, _dead, ["2", "3", "[2]"], ["0", "2.bias"]),
    "saturation": (assert_no_saturation, _flat, ["2", "3", "*"], ["0", "2.weight"]),
    "collapse": (assert_no_collapse, Alike, ["head", "h*"], ["first", "HEAD"]),
    "symmetry": (assert_symmetry_broken, _constant, ["0*,2*"], ["1", "4"]),
    "disconnected": (assert_connected, Detached, ["first.*", "*"], ["first.weight", "head.*"]),
}


@pytest.mark.parametrize("symptom", IGNORED)
def test_patterns_excuse_what_they_name_and_nothing_else(symptom: str) -> None:
    assertion, make, good, bad = IGNORED[symptom]
    batch = (vectors(), labels())
    for joined in good:
        ignore = joined.split(",")
        diagnosis = diagnose(make(), batch, F.cross_entropy, checks=[symptom], ignore=ignore)
        assert diagnosis.verdicts[symptom] in {"expected", "pass"}, (ignore, diagnosis.reasons)
        assertion(make(), batch, F.cross_entropy, ignore=ignore, limits=QUICK)
    for pattern in bad:
        with pytest.raises(GradientHealthError, match=f"^{symptom}: "):
            assertion(make(), batch, F.cross_entropy, ignore=[pattern], limits=QUICK)


def test_a_lone_string_is_one_pattern() -> None:
    batch = (vectors(), labels())
    assert_connected(Detached(), batch, F.cross_entropy, ignore="first.*")
    assert_no_dead_units(_dead(), batch, F.cross_entropy, ignore="3")
    assert diagnose(_dead(), batch, F.cross_entropy, checks=["dead_units"], ignore="2").healthy


def test_underflow_takes_names_of_parameters_and_modules() -> None:
    model, x = chain(nn.ReLU, 2, init=he).half(), vectors().half()

    def small(output: Tensor, y: Tensor) -> Tensor:
        return 1e-6 * F.cross_entropy(output.float(), y)

    assert_no_underflow(model, (x, labels()), small, ignore=["?.weight"])
    assert_no_underflow(model, (x, labels()), small, ignore=["0", "2", "4"])
    with pytest.raises(GradientHealthError, match=r"^underflow: "):
        assert_no_underflow(model, (x, labels()), small, ignore=["*.bias"])


@pytest.mark.parametrize(
    "assertion",
    [case[0] for case in IGNORED.values() if case[0] is not assert_connected] + [assert_healthy],
)
def test_a_made_diagnosis_takes_no_patterns(assertion: SymptomAssertion) -> None:
    diagnosis = diagnose(chain(nn.Tanh, 2), (vectors(), labels()), F.cross_entropy)
    with pytest.raises(ProbeError, match="already made without ignore="):
        assertion(diagnosis, ignore=["0"])
    assert assertion(diagnosis) is diagnosis


class Pooler(nn.Module):
    """An encoder with a pooler that this batch does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = chain(nn.ReLU, 1)
        self.pooler = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Any:
        return self.encoder(x)


def test_an_unused_pooler() -> None:
    batch = (vectors(), labels())
    plain = diagnose(Pooler(), batch, F.cross_entropy)
    assert plain.healthy
    assert plain.verdicts["disconnected"] == "not_observed"
    ignored = diagnose(Pooler(), batch, F.cross_entropy, ignore=["pooler.*"])
    assert ignored.verdicts["disconnected"] == "expected"
    assert "ignored by the caller" in ignored.reasons["disconnected"][0]
    half = diagnose(Pooler(), batch, F.cross_entropy, ignore=["pooler.weight"])
    assert half.verdicts["disconnected"] == "not_observed"
    with pytest.raises(GradientHealthError, match="2 trainable parameters get no gradient"):
        assert_connected(Pooler(), batch, F.cross_entropy)
    assert_connected(Pooler(), batch, F.cross_entropy, ignore=["pooler"])
