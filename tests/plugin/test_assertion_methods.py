"""Each assertion method of the fixture passes on a healthy model and fails on a sick one."""

from __future__ import annotations

import pytest

from pytest_gradhealth import GradientHealth, __all__, assertions
from pytest_gradhealth.registry import ASSERTIONS, HOME

MODELS = """
import pytest
import torch
import torch.nn.functional as F
from torch import nn

WIDTH = 32

def batch():
    torch.manual_seed(0)
    return torch.randn(16, WIDTH), torch.arange(16) % 4

def chain(activation, depth, std=None):
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(WIDTH, WIDTH), activation()]
    model = nn.Sequential(*layers, nn.Linear(WIDTH, 4))
    if std is not None:
        for layer in model[::2]:
            nn.init.normal_(layer.weight, std=std)
    return model

class Between(nn.Module):
    def __init__(self, function):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)
        self.function = function

    def forward(self, x):
        return self.head(self.function(self.first(x)))

def dead():
    model = chain(nn.ReLU, 2)
    nn.init.constant_(model[2].bias, -100.0)
    return model

def constant():
    model = chain(nn.Tanh, 2)
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model

SICK = {
    "assert_no_vanishing": lambda: chain(nn.Sigmoid, 8),
    "assert_no_exploding": lambda: chain(nn.ReLU, 8, std=1.0),
    "assert_finite": lambda: Between(lambda x: (x - x.detach()).log()),
    "assert_connected": lambda: Between(torch.detach),
    "assert_no_dead_units": dead,
    "assert_no_saturation": lambda: chain(nn.Tanh, 2, std=50.0),
    "assert_no_collapse": lambda: Between(lambda x: x.mean(0, keepdim=True).expand_as(x)),
    "assert_symmetry_broken": constant,
    "assert_no_underflow": lambda: Half(1e-6),
    "assert_healthy": dead,
}

HEALTHY = {
    "assert_no_underflow": lambda: Half(1.0),
    "assert_no_saturation": lambda: chain(nn.Tanh, 2),
}

class Half(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.body, self.factor = chain(nn.ReLU, 2).half(), factor

    def forward(self, x):
        return self.factor * self.body(x.half()).float()
"""

#: Those that judge one diagnosis; every other assertion has tests of its own.
METHODS = [name for name in ASSERTIONS if HOME[name] == "assertions"]


def test_every_assertion_has_its_method_and_its_case() -> None:
    public = {name for name in vars(assertions) if name.startswith("assert_")}
    assert set(METHODS) == public
    assert set(ASSERTIONS) == {name for name in __all__ if name.startswith("assert_")}
    for name in ASSERTIONS:
        assert getattr(GradientHealth, name).__name__ == name
    assert all(f'"{name}":' in MODELS.partition("HEALTHY")[0] for name in METHODS)


def test_healthy_models_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        MODELS
        + f"""
@pytest.mark.parametrize("name", {METHODS})
def test_it(gradhealth, name):
    model = HEALTHY.get(name, lambda: chain(nn.ReLU, 2))()
    diagnosis = getattr(gradhealth, name)(model, batch(), F.cross_entropy)
    assert diagnosis.healthy
"""
    )
    pytester.runpytest().assert_outcomes(passed=len(METHODS))


def test_sick_models_fail_with_their_symptoms_message(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        MODELS
        + f"""
@pytest.mark.parametrize("name", {METHODS})
def test_it(gradhealth, name):
    getattr(gradhealth, name)(SICK[name](), batch(), F.cross_entropy)
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=len(METHODS))
    for opening in (
        "vanishing: ",
        "exploding: ",
        "nonfinite: ",
        "disconnected: 2 of 4",
        "dead_units: 32 of 32 units",
        "saturation: ",
        "collapse: at head",
        "symmetry: ",
        "underflow: ",
    ):
        result.stdout.fnmatch_lines([f"E *GradientHealthError: {opening}*"])
    result.stdout.no_fnmatch_line("*assertions.py*")
    result.stdout.no_fnmatch_line("*fixture.py*")


def test_ignore_reaches_every_method(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        MODELS
        + f"""
@pytest.mark.parametrize("name", {[n for n in METHODS if n != "assert_finite"]})
def test_it(gradhealth, name):
    getattr(gradhealth, name)(SICK[name](), batch(), F.cross_entropy, ignore=["*"])
"""
    )
    pytester.runpytest().assert_outcomes(passed=len(METHODS) - 1)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("assert_no_collapse", "collapse_spread=0"),
        ("assert_no_saturation", "saturated_share=2"),
        ("assert_no_underflow", "underflow_kept=0"),
        ("assert_no_vanishing", "vanishing_share=0"),
    ],
)
def test_the_markers_limit_reaches_the_method(
    pytester: pytest.Pytester, name: str, limit: str
) -> None:
    pytester.makepyfile(
        MODELS
        + f"""
@pytest.mark.gradhealth({limit})
def test_it(gradhealth):
    gradhealth.{name}(SICK["{name}"](), batch(), F.cross_entropy)
"""
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_one_pass_serves_two_methods_with_the_same_patterns(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        MODELS
        + """
def test_it(gradhealth):
    model, data = dead(), batch()
    first = gradhealth.assert_no_dead_units(model, data, F.cross_entropy, ignore=["2"])
    assert gradhealth.diagnose(model, data, F.cross_entropy, ignore="2") is first
    with pytest.raises(AssertionError, match="^dead_units: "):
        gradhealth.assert_no_dead_units(model, data, F.cross_entropy)
"""
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1)
