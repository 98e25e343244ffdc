"""Underflow: gradients that float16 loses, told from those it keeps; other dtypes lose none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_no_underflow, diagnose
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import CLASSES, WIDTH, chain, he, labels, vectors

TINY = 1e-7  # a cross-entropy of that scale has gradients under 2^-24


def scaled(scale: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda output, y: scale * F.cross_entropy(output.float(), y)


def judged(model: nn.Module, scale: float, dtype: torch.dtype, **options: Any) -> Diagnosis:
    batch = (vectors().to(dtype), labels())
    return diagnose(model.to(dtype), batch, scaled(scale), checks=["underflow"], **options)


@pytest.mark.parametrize(
    ("dtype", "scale", "verdict"),
    [
        (torch.float16, 1e-6, "fail"),
        (torch.float16, 1e-3, "pass"),
        (torch.float16, 1.0, "pass"),
        (torch.float16, 100.0, "pass"),
        (torch.bfloat16, TINY, "pass"),
        (torch.bfloat16, 1.0, "pass"),
        (torch.float32, TINY, "pass"),
        (torch.float64, TINY, "pass"),
    ],
)
def test_only_float16_and_only_small_losses(dtype: torch.dtype, scale: float, verdict: str) -> None:
    diagnosis = judged(chain(nn.ReLU, 3, init=he), scale, dtype)
    assert diagnosis.verdicts == {"underflow": verdict}, diagnosis.reasons


def test_a_loss_of_which_nothing_is_left_is_a_failure_too() -> None:
    """Every gradient rounds to exactly zero: the worst case, not one that is not observed."""
    assert judged(chain(nn.ReLU, 3, init=he), TINY, torch.float16).verdicts == {"underflow": "fail"}


def test_a_cotangent_needs_no_loss_function() -> None:
    healthy = chain(nn.ReLU, 3, init=he).half()
    assert diagnose(healthy, vectors().half(), checks=["underflow"]).healthy


def test_the_finding_tells_what_is_lost() -> None:
    model = chain(nn.ReLU, 3, init=he)
    (finding,) = judged(model, 1e-6, torch.float16).findings
    assert (finding.symptom, finding.limit) == ("underflow", Limits().underflow_kept)
    assert finding.where in dict(model.named_modules())
    assert 0 <= finding.measured < 0.5
    assert "float16" in finding.message
    told = dict(finding.observations)
    assert "of its gradient is left" in told["Worst"]
    assert told["Try"] == "torch.amp.GradScaler, or bfloat16"
    batch = (vectors().half(), labels())
    with pytest.raises(
        GradientHealthError, match=r"^underflow: \d of 4 weights keep less than 50%"
    ):
        assert_no_underflow(model, batch, scaled(1e-6))


@pytest.mark.parametrize(("factor", "healthy"), [(2.0**16, True), (1.0, False)])
def test_loss_scaling_in_the_step_heals_it(factor: float, healthy: bool) -> None:
    def step(model: nn.Module, x: Tensor) -> Tensor:
        return factor * scaled(1e-6)(model(x), labels())

    model = chain(nn.ReLU, 3, init=he).half()
    diagnosis = diagnose(model, vectors().half(), step=step, checks=["underflow"])
    assert diagnosis.healthy is healthy, diagnosis.reasons


def test_a_small_factor_in_front_of_one_branch_is_named() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
            self.head = nn.Linear(WIDTH, CLASSES)

        def forward(self, x: Tensor) -> Any:
            return self.head(self.left(x) + 1e-6 * self.right(x))

    (finding,) = judged(Branches(), 1.0, torch.float16).findings
    assert finding.where == "right"
    assert [row.name for row in finding.rows] == ["right.weight"]


@pytest.mark.parametrize(
    ("dtype", "scale", "verdict"),
    [
        (torch.float16, 1e-6, "fail"),
        (torch.float16, 1.0, "pass"),
        (torch.bfloat16, 1e-6, "pass"),
    ],
)
def test_under_autocast(dtype: torch.dtype, scale: float, verdict: str) -> None:
    def step(model: nn.Module, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=dtype):
            output = model(x)
        return scaled(scale)(output, labels())

    diagnosis = diagnose(chain(nn.ReLU, 3, init=he), vectors(), step=step, checks=["underflow"])
    assert diagnosis.verdicts == {"underflow": verdict}, diagnosis.reasons


def test_ignored_weights_accuse_nobody() -> None:
    model = chain(nn.ReLU, 3, init=he)
    assert judged(model, 1e-6, torch.float16, ignore=["*.weight"]).healthy


def test_half_a_model_in_float16() -> None:
    """Only what is float16 is judged: the head works in float32."""

    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = chain(nn.ReLU, 2, init=he).half()
            self.head = nn.Linear(CLASSES, CLASSES)

        def forward(self, x: Tensor) -> Any:
            return self.head(self.body(x.half()).float())

    for scale, verdict in ((1e-6, "fail"), (1.0, "pass")):
        diagnosis = diagnose(Mixed(), (vectors(), labels()), scaled(scale), checks=["underflow"])
        assert diagnosis.verdicts == {"underflow": verdict}, diagnosis.reasons


def test_the_limit_decides() -> None:
    model = chain(nn.ReLU, 3, init=he)
    assert judged(model, 1e-6, torch.float16, limits=Limits(underflow_kept=0.0)).healthy
    assert judged(model, 1e-6, torch.float16, limits=Limits(underflow_rms=0.0)).healthy
