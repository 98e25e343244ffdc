"""Saturation: hidden units, gates and attention stuck on their flat part; sure outputs are not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_no_saturation, diagnose
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import (
    WIDTH,
    SmallResNet,
    chain,
    images,
    labels,
    vectors,
    xavier,
)

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor, **options: Any) -> Diagnosis:
    options.setdefault("limits", QUICK)
    return diagnose(model, (x, labels(len(x))), F.cross_entropy, checks=["saturation"], **options)


class Middle(nn.Module):
    """A stem, a layer with weights of deviation ``std``, a bounded activation, a head."""

    def __init__(self, activation: Callable[[Tensor], Tensor], std: float) -> None:
        super().__init__()
        self.stem, self.layer = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.activation = activation
        self.head = nn.Linear(WIDTH, 4)
        nn.init.normal_(self.layer.weight, std=std)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.activation(self.layer(self.stem(x))))


BOUNDED: dict[str, Callable[[Tensor], Tensor]] = {
    "nn.Tanh": nn.Tanh(),
    "torch.tanh": torch.tanh,
    "Tensor.tanh_": Tensor.tanh_,
    "nn.Sigmoid": nn.Sigmoid(),
    "torch.sigmoid": torch.sigmoid,
    "nn.Hardtanh": nn.Hardtanh(),
    "F.hardtanh": F.hardtanh,
    "nn.Hardsigmoid": nn.Hardsigmoid(),
    "F.hardsigmoid": F.hardsigmoid,
    "softmax over features": lambda x: x.softmax(dim=-1),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_large_weights_saturate(name: str) -> None:
    std = 30.0 if "softmax" not in name else 300.0  # which has to tell 32 logits apart
    (finding,) = judged(Middle(BOUNDED[name], std), vectors()).findings
    assert (finding.symptom, finding.where) == ("saturation", "layer")
    assert finding.measured >= finding.limit == Limits().saturated_share


@pytest.mark.parametrize("name", BOUNDED)
def test_ordinary_weights_do_not(name: str) -> None:
    diagnosis = judged(Middle(BOUNDED[name], 1 / math.sqrt(WIDTH)), vectors())
    assert diagnosis.verdicts == {"saturation": "pass"}
    assert "lie on its flat part" in diagnosis.reasons["saturation"][0]


@pytest.mark.parametrize(("scale", "healthy"), [(1.0, True), (10.0, True), (1e4, False)])
def test_large_inputs_saturate_the_first_layer(scale: float, healthy: bool) -> None:
    diagnosis = judged(chain(nn.Tanh, 3), scale * vectors())
    assert [finding.where for finding in diagnosis.findings] == ([] if healthy else ["0"])


def test_the_finding_tells_share_and_call() -> None:
    module = judged(Middle(nn.Tanh(), 30.0), vectors()).findings[0]
    call = judged(Middle(torch.tanh, 30.0), vectors()).findings[0]
    assert "% of the values of activation (Tanh) lie on its flat part" in module.message
    assert "% of the values of the Tanh after layer lie on its flat part" in call.message
    told = dict(module.observations)
    assert f"% of its values (limit {Limits().saturated_share:.0%})" in told["Measured"]
    assert told["Where"] == "fed by layer (Linear)"
    assert "after 10 Adam steps" in told["Confirmed"]
    assert [row.failing for row in module.rows] == [True]
    with pytest.raises(GradientHealthError, match=r"^saturation: \d+% of the values"):
        assert_no_saturation(Middle(nn.Tanh(), 30.0), vectors())


class SqueezeExcite(nn.Module):
    """Convolution whose channels are gated by a sigmoid of their means."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 16, 3), nn.Linear(16, 4)
        self.gates = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16), nn.Sigmoid())

    def forward(self, x: Tensor) -> Any:
        x = self.conv(x)
        return self.head((x * self.gates(x.mean(dim=(2, 3)))[:, :, None, None]).mean(dim=(2, 3)))


NEAR_MISSES: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "tanh, xavier": (lambda: chain(nn.Tanh, 8, init=xavier), vectors),
    "sigmoid, default": (lambda: chain(nn.Sigmoid, 3), vectors),
    "squeeze and excite": (SqueezeExcite, images),
    "resnet": (SmallResNet, images),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_not_accused(name: str) -> None:
    make, batch = NEAR_MISSES[name]
    diagnosis = judged(make(), batch())
    assert diagnosis.verdicts["saturation"] in {"pass", "not_observed"}, diagnosis.reasons


class Sure(nn.Module):
    """A classifier that puts out probabilities and is sure of all of them."""

    def __init__(self, squash: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.body, self.squash = nn.Linear(WIDTH, 4), squash
        nn.init.normal_(self.body.weight, std=30.0)

    def forward(self, x: Tensor) -> Any:
        return self.squash(self.body(x))


@pytest.mark.parametrize("squash", [torch.sigmoid, nn.Sigmoid(), nn.Softmax(dim=1), torch.tanh])
def test_a_sure_output_is_no_fault(squash: Callable[[Tensor], Tensor]) -> None:
    diagnosis = diagnose(Sure(squash), vectors(), checks=["saturation"])
    assert diagnosis.verdicts == {"saturation": "pass"}


def test_a_saturation_that_training_leaves_is_expected() -> None:
    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, 4)
            self.shift = nn.Parameter(torch.tensor(3.0))
            nn.init.normal_(self.layer.weight, std=1e-4)

        def forward(self, x: Tensor) -> Any:
            return self.head((self.layer(x) + self.shift).tanh())

    def step(model: nn.Module, x: Tensor) -> Tensor:
        return F.cross_entropy(model(x), labels()) + model.get_parameter("shift")

    # 1 - tanh(2.993)^2 is just over a hundredth: 3.0 is flat, and Adam's steps are 1e-3 each.
    diagnosis = diagnose(Shifted(), vectors(), step=step, checks=["saturation"])
    assert diagnosis.verdicts == {"saturation": "expected"}
    assert "they leave it within 10 Adam steps" in diagnosis.reasons["saturation"][0]


def test_the_limit_decides() -> None:
    model, x = Middle(nn.Tanh(), 2.0), vectors()
    assert judged(model, x).healthy
    assert not judged(model, x, limits=Limits(saturated_share=0.3)).healthy
