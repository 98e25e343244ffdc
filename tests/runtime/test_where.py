"""Where: the layer, or the function call, at which a fade or a growth starts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Finding
from tests.runtime.models import WIDTH, chain, he, labels, too_large, vectors

ASLEEP = Limits(warmup_learning_rate=0.0)  # where the warm-up would wake what is to be found


def found(symptom: str, model: nn.Module, x: Tensor, limits: Limits | None = None) -> Finding:
    batch = (x, labels(len(x)))
    limits = dataclasses.replace(limits or Limits(), remedy_seconds=0.0)
    (finding,) = diagnose(model, batch, F.cross_entropy, checks=[symptom], limits=limits).findings
    return finding


def stack(depth: int, activation: Callable[[], nn.Module], init: Any) -> list[nn.Module]:
    """``depth`` x (Linear, activation)."""
    return list(chain(activation, depth, init=init))[:-1]


def healthy(depth: int) -> list[nn.Module]:
    """Layers that keep a gradient's norm exactly: orthogonal and linear."""
    return stack(depth, nn.Identity, nn.init.orthogonal_)


def scaled(model: nn.Module, layer: str, factor: float) -> nn.Module:
    with torch.no_grad():
        model.get_parameter(f"{layer}.weight").mul_(factor)
    return model


@pytest.mark.parametrize("layer", ["0", "6", "14"])
@pytest.mark.parametrize("factor", [1e-6, 1e-9])
def test_one_tiny_layer_among_many(layer: str, factor: float) -> None:
    model = scaled(chain(nn.ReLU, 10, init=he), layer, factor)
    diagnosis = diagnose(model, vectors(), checks=["vanishing"], limits=ASLEEP)
    if layer == "0":  # its own gradient is as large as ever: nothing lies behind it
        assert diagnosis.healthy
        return
    (finding,) = diagnosis.findings
    assert finding.where == layer
    assert "alone passes on x" in dict(finding.observations)["Where"]


def test_a_stretch_that_fades_in_the_middle() -> None:
    sick = stack(8, nn.Sigmoid, None)
    model = nn.Sequential(*healthy(6), *sick, *healthy(3), nn.Linear(WIDTH, 4))
    # Linear layers are 0, 2 .. 10, then 12, 14 .. 26, then 28 .. 32, and 34.
    finding = found("vanishing", model, vectors())
    assert finding.where in {"10", "12"}  # around the first sigmoid layer's input
    how = dict(finding.observations)["Where"]
    assert how.partition(" per layer from ")[2].split()[0] in {"26", "28"}


def test_a_stretch_that_fades_behind_rectifiers() -> None:
    model = nn.Sequential(*stack(6, nn.ReLU, he), *stack(8, nn.Sigmoid, None), nn.Linear(WIDTH, 4))
    assert found("vanishing", model, vectors()).where in {"10", "12"}


@pytest.mark.parametrize("activation", [nn.Sigmoid, nn.Tanh])
def test_a_whole_stack_is_blamed_on_its_first_layer(activation: type[nn.Module]) -> None:
    def small(weight: Tensor) -> None:
        nn.init.normal_(weight, std=0.03)

    model = chain(activation, 12, init=small)
    finding = found("vanishing", model, vectors(), ASLEEP)
    assert finding.where == "0"
    assert "per layer from" in dict(finding.observations)["Where"]


class Between(nn.Module):
    """Two layers, a function, two layers."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.stem, self.before = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.function = function
        self.after, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        x = self.function(self.before(self.stem(x).relu()))
        return self.head(self.after(x).relu())


FLAT: dict[str, Callable[[Tensor], Tensor]] = {
    "sign": torch.sign,
    "round": torch.round,
    "floor": lambda x: (3 * x).floor(),
    "ceil": torch.ceil,
    "trunc": torch.trunc,
}


@pytest.mark.parametrize("name", FLAT)
def test_a_flat_operation_on_the_only_way(name: str) -> None:
    finding = found("vanishing", Between(FLAT[name]), vectors())
    assert finding.where == "before"
    assert finding.message.startswith(f"4 of 8 parameters lie behind {name}(), whose derivative")
    assert dict(finding.observations)["Where"].startswith(f"{name}() after before lets nothing")
    assert {row.name for row in finding.rows} == {
        f"{layer}.{kind}" for layer in ("stem", "before") for kind in ("weight", "bias")
    }


STRAIGHT_THROUGH: dict[str, Callable[[Tensor], Tensor]] = {
    "straight-through": lambda x: x + (torch.sign(x) - x).detach(),
    "beside a smooth way": lambda x: torch.round(x) + x,
    "of a detached copy": lambda x: x * torch.sign(x.detach()),
    "abs, whose derivative is sign": torch.abs,
}


@pytest.mark.parametrize("name", STRAIGHT_THROUGH)
def test_another_way_around_a_flat_operation_is_healthy(name: str) -> None:
    diagnosis = diagnose(Between(STRAIGHT_THROUGH[name]), (vectors(), labels()), F.cross_entropy)
    assert diagnosis.healthy, diagnosis.reasons


class Pooled(nn.Module):
    """Attention pooling over (batch, time, width): one score a step, softmax over ``dim``."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.stem, self.score = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 1)
        self.head, self.dim = nn.Linear(WIDTH, 4), dim

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        return self.head((self.score(x).softmax(self.dim) * x).sum(1))


def test_a_softmax_over_one_score() -> None:
    sequences = torch.randn(16, 6, WIDTH)
    finding = found("vanishing", Pooled(dim=-1), sequences)
    assert finding.where == "score"
    assert "2 of 6 parameters lie behind softmax()" in finding.message
    assert diagnose(Pooled(dim=1), (sequences, labels()), F.cross_entropy).healthy
    one_step = torch.randn(16, 1, WIDTH)
    assert diagnose(Pooled(dim=1), (one_step, labels()), F.cross_entropy).healthy


@pytest.mark.parametrize("factor", [1e-6, 1e-12])
def test_a_factor_between_two_layers_names_the_layer_before_it(factor: float) -> None:
    finding = found("vanishing", Between(lambda x: x * factor), vectors(), ASLEEP)
    assert finding.where == "before"
    how = dict(finding.observations)["Where"]
    assert how.startswith("between before (Linear) and after (Linear): passes on x")
    assert how.endswith("more than their weights explain")


class GatedStack(nn.Module):
    """Layers of sigmoid(a(x)) * b(x): two weighted layers side by side at every depth."""

    def __init__(self, depth: int, *, residual: bool = False) -> None:
        super().__init__()
        self.gates = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(depth))
        self.values = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(depth))
        self.head, self.residual = nn.Linear(WIDTH, 4), residual

    def forward(self, x: Tensor) -> Any:
        for gate, value in zip(self.gates, self.values, strict=True):
            new = gate(x).sigmoid() * value(x)
            x = x + new if self.residual else new
        return self.head(x)


def test_parallel_layers_are_blamed_on_the_first() -> None:
    finding = found("vanishing", GatedStack(12), vectors())
    assert finding.where in {"values.0", "gates.0"}
    deep = diagnose(GatedStack(12, residual=True), (vectors(), labels()), F.cross_entropy)
    assert deep.healthy, deep.reasons


def test_growth_in_the_middle_starts_at_its_first_layer() -> None:
    layers = [*healthy(4), *stack(7, nn.ReLU, too_large), *healthy(4), nn.Linear(WIDTH, 4)]
    # Linear layers are 0 .. 6, then 8, 10 .. 20, then 22 .. 28.
    finding = found("exploding", nn.Sequential(*layers), vectors())
    assert finding.where in {"6", "8"}
    assert "per layer from 2" in dict(finding.observations)["Where"]


def test_one_large_layer_is_named() -> None:
    model = scaled(chain(nn.ReLU, 8, init=he), "6", 1e5)
    finding = found("exploding", model, vectors())
    assert finding.where == "6"
    assert "alone multiplies by" in dict(finding.observations)["Where"]


def test_large_inputs_name_the_first_layer() -> None:
    finding = found("exploding", chain(nn.ReLU, 4, init=he), 1e4 * vectors())
    assert finding.where == "0"
    assert "activations grow from 0 on" in dict(finding.observations)["Where"]
    assert math.isfinite(finding.measured)
    standard = diagnose(chain(nn.ReLU, 4, init=he), (vectors(), labels()), F.cross_entropy)
    assert standard.healthy
