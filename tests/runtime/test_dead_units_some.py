"""Some dead units of many: what share is a fault, inside branches and out, and what will wake."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import WIDTH, labels, vectors

OFF = -10.0  # far below anything that N(0, 1) inputs reach
QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor, limits: Limits = QUICK) -> Diagnosis:
    batch = (x, labels(len(x)))
    return diagnose(model, batch, F.cross_entropy, checks=["dead_units"], limits=limits)


class Branch(nn.Module):
    """A residual branch of its own width, of which the first ``dead`` units are off."""

    def __init__(self, width: int, dead: int) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)
        self.up, self.down = nn.Linear(WIDTH, width), nn.Linear(width, WIDTH)
        with torch.no_grad():
            self.up.bias[:dead] = OFF

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        return self.head(x + self.down(F.relu(self.up(x))))


@pytest.mark.parametrize(
    ("width", "dead", "verdict"),
    [
        (64, 64, "fail"),
        (64, 61, "fail"),  # 95 %
        (64, 32, "pass"),
        (64, 0, "pass"),
        (8, 8, "pass"),  # a coin does that once in 256 times
        (8, 4, "pass"),
    ],
)
def test_in_a_branch_most_units_must_be_dead_and_not_by_chance(
    width: int, dead: int, verdict: str
) -> None:
    diagnosis = judged(Branch(width, dead), vectors(64))
    assert diagnosis.verdicts["dead_units"] == verdict, diagnosis.reasons
    for finding in diagnosis.findings:
        assert finding.where == "up"
        assert finding.measured == pytest.approx(dead / width, abs=0.05)
        assert "Cuts" not in dict(finding.observations)


@pytest.mark.parametrize(("dead", "verdict"), [(61, "fail"), (32, "pass")])
def test_on_the_trunk_the_same_share_decides(dead: int, verdict: str) -> None:
    layer = nn.Linear(WIDTH, 64)
    with torch.no_grad():
        layer.bias[:dead] = OFF
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), layer, nn.ReLU(), nn.Linear(64, 4))
    assert judged(model, vectors(64)).verdicts["dead_units"] == verdict


class Waking(nn.Module):
    """A wide branch that a common shift keeps off; the loss itself pulls the shift up."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.stem, self.up = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 64, bias=False)
        self.down = nn.Linear(64, 4)
        self.shift = nn.Parameter(torch.tensor(shift))
        nn.init.normal_(self.up.weight, std=1e-5)

    def forward(self, x: Tensor) -> Any:
        return self.down(F.relu(self.up(self.stem(x)) + self.shift))


@pytest.mark.parametrize(("shift", "verdict"), [(-0.005, "expected"), (-0.5, "fail")])
def test_units_that_wake_within_the_warm_up_are_expected(shift: float, verdict: str) -> None:
    def step(model: Waking, x: Tensor) -> Tensor:
        return F.cross_entropy(model(x), labels()) - model.shift

    diagnosis = diagnose(Waking(shift), vectors(), step=step, checks=["dead_units"])
    assert diagnosis.verdicts["dead_units"] == verdict, diagnosis.reasons
    if verdict == "expected":
        reason = "64 of 64 units of the ReLU after up are never active; they wake within 10"
        assert diagnosis.reasons["dead_units"][0].startswith(reason)


def test_the_limit_decides() -> None:
    model, x = Branch(64, 56), vectors(64)
    assert judged(model, x, limits=Limits(dead_share=0.95)).healthy
    assert not judged(model, x, limits=Limits(dead_share=0.7)).healthy
    assert judged(model, x, limits=Limits(dead_share=0.7, dead_chance=0.0)).healthy
