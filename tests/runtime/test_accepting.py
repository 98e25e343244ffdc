"""What a failure message says to accept it with does accept it: its text is taken at its word."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, assert_healthy
from tests.runtime.models import WIDTH, chain, he, labels, too_large, vectors


def _with(model: nn.Module, name: str, change: Callable[[Tensor], object]) -> nn.Module:
    change(model.get_parameter(name))
    return model


class Between(nn.Module):
    """A layer, a function, a head."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.head(self.function(self.first(x)))


def _constant(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.1)
    return model


def _dead(units: int) -> nn.Module:
    model = chain(nn.ReLU, 2, init=he, width=64)
    with torch.no_grad():
        model[2].get_parameter("bias")[:units] = -100.0
    return nn.Sequential(nn.Linear(WIDTH, 64), model)


def _wide(weight: Tensor) -> None:
    nn.init.normal_(weight, std=50.0)


SICK: dict[str, tuple[str, Callable[[], nn.Module]]] = {
    "sigmoids": ("vanishing", lambda: chain(nn.Sigmoid, 8)),
    "sign": ("vanishing", lambda: Between(torch.sign)),
    "growth": ("exploding", lambda: chain(nn.ReLU, 8, init=too_large)),
    "detach": ("disconnected", lambda: Between(torch.detach)),
    "dead": ("dead_units", lambda: _dead(64)),
    "nearly dead": ("dead_units", lambda: _dead(61)),
    "flat": ("saturation", lambda: _with(chain(nn.Tanh, 2), "2.weight", _wide)),
    "batch mean": ("collapse", lambda: Between(lambda x: x.mean(0, keepdim=True).expand_as(x))),
    "constant": ("symmetry", lambda: _constant(chain(nn.Tanh, 2))),
}


def accepting(text: str) -> dict[str, Any]:
    """The keywords that the Accept line asks for."""
    (line,) = re.findall(r"^ +Accept +(.*)$", text, flags=re.MULTILINE)
    marked = re.fullmatch(r"@pytest\.mark\.gradhealth\((.*)\)", line)
    if marked:
        pairs = (pair.split("=") for pair in marked.group(1).split(", "))
        return {"limits": Limits(**{name: ast.literal_eval(value) for name, value in pairs})}
    ignored = re.fullmatch(r"ignore=(\[.*\]) if that is meant", line)
    assert ignored, line
    return {"ignore": ast.literal_eval(ignored.group(1))}


@pytest.mark.parametrize("name", SICK)
def test_the_accept_line_accepts(name: str) -> None:
    symptom, make = SICK[name]
    model, batch = make(), (vectors(64), labels(64))
    with pytest.raises(GradientHealthError) as failure:
        assert_healthy(model, batch, F.cross_entropy, checks=[symptom])
    keywords = accepting(str(failure.value))
    assert_healthy(model, batch, F.cross_entropy, checks=[symptom], **keywords)


def test_underflow_too() -> None:
    def small(output: Tensor, y: Tensor) -> Tensor:
        return 1e-6 * F.cross_entropy(output.float(), y)

    model, batch = chain(nn.ReLU, 2, init=he).half(), (vectors().half(), labels())
    with pytest.raises(GradientHealthError) as failure:
        assert_healthy(model, batch, small, checks=["underflow"])
    keywords = accepting(str(failure.value))
    assert_healthy(model, batch, small, checks=["underflow"], **keywords)
