"""Symmetry between modules: experts and heads that are copies of each other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_symmetry_broken, diagnose
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import WIDTH, labels, vectors

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor) -> Diagnosis:
    batch = (x, labels(len(x)))
    return diagnose(model, batch, F.cross_entropy, checks=["symmetry"], limits=QUICK)


class Experts(nn.Module):
    """Two experts with one gate between them, and one head."""

    def __init__(self, *, copied: bool, gate: Callable[[int], Tensor] = torch.ones) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.right = copy.deepcopy(self.left)
        if not copied:
            self.right[0].reset_parameters()  # type: ignore[operator]
            self.right[2].reset_parameters()  # type: ignore[operator]
        self.gate = gate(2)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head((self.gate[0] * self.left(x) + self.gate[1] * self.right(x)).relu())


def test_copied_experts_are_accused_with_their_twin() -> None:
    model = Experts(copied=True)
    (finding,) = judged(model, vectors()).findings
    assert finding.where.startswith("right")
    worst = dict(finding.observations)["Worst"]
    assert worst.startswith("right.0.weight (32, 32) float32: equal to left.0.weight in value and")
    with pytest.raises(GradientHealthError, match=r"^symmetry: 2 of 5 weights"):
        assert_symmetry_broken(model, (vectors(), labels()), F.cross_entropy)


def test_different_experts_and_different_gates_are_not() -> None:
    assert judged(Experts(copied=False), vectors()).healthy
    # Of one value, but each with a gradient of its own: they part with the first step.
    unequal = Experts(copied=True, gate=lambda n: torch.arange(1.0, n + 1))
    assert judged(unequal, vectors()).healthy


class Heads(nn.Module):
    """Two heads whose outputs are averaged; the second is a copy."""

    def __init__(self, *, copied: bool) -> None:
        super().__init__()
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.hidden = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, 4) for _ in range(2))
        if copied:
            for layers in (self.hidden, self.heads):
                layers[1].load_state_dict(layers[0].state_dict())

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x).relu()
        out = [h(f(x).relu()) for f, h in zip(self.hidden, self.heads, strict=True)]
        return (out[0] + out[1]) / 2


@pytest.mark.parametrize("copied", [True, False])
def test_an_ensemble_of_copies(copied: bool) -> None:
    diagnosis = judged(Heads(copied=copied), vectors())
    assert [f.where for f in diagnosis.findings] == ["hidden.1"] * copied
