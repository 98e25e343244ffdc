"""NaN and Inf: in the loss or a gradient, with the module or operation that made the first."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import assert_finite, diagnose, record
from pytest_gradhealth.errors import GradientHealthError
from tests.runtime.models import WIDTH, chain, tokens, vectors


class Apply(nn.Module):
    """A function as a module, so that it has a name."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _zeros(x: Tensor) -> Tensor:
    """Exact zeros that let the gradient through (ReLU's backward would swallow a NaN)."""
    return x - x.detach()


def _model(function: Callable[[Tensor], Tensor]) -> nn.Module:
    return nn.Sequential(nn.Linear(WIDTH, 8), Apply(_zeros), Apply(function), nn.Linear(8, 4))


# No finite value at zero.
FORWARD: dict[str, Callable[[Tensor], Tensor]] = {
    "log(0)": torch.log,
    "0 / 0": lambda x: x / x,
    "1 / 0": torch.reciprocal,
    "exp overflow": lambda x: (x + 1e4).exp(),
    "sqrt of a negative": lambda x: (x - 1).sqrt(),
    "inf - inf": lambda x: x.log() - x.log(),
}

# Finite on the way forward; no finite derivative at zero.
BACKWARD: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "sqrt(0)": (torch.sqrt, "Sqrt"),
    "norm of zero rows": (lambda x: (x * 0).square().sum(1, keepdim=True).sqrt() + x, "Sqrt"),
    "pow below one": (lambda x: x.pow(0.5), "Pow"),
    "where keeps the bad branch": (
        lambda x: torch.where(x > 0, x.log(), torch.zeros_like(x)),
        "Log",
    ),
    "where keeps 0/0": (lambda x: torch.where(x > 0, x / x.abs(), torch.zeros_like(x)), "Div"),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward_names_the_first_module(name: str) -> None:
    diagnosis = diagnose(_model(FORWARD[name]), vectors())
    assert diagnosis.verdicts["nonfinite"] == "fail"
    finding = diagnosis.findings[0]
    assert finding.symptom == "nonfinite"
    assert finding.where == "2"
    assert finding.source.partition(":")[0].endswith("test_nonfinite.py")
    assert "first appears in the output of 2 (Apply)" in finding.message
    assert ("Before", "1 (Apply) was finite") in [
        (label, text.partition(",")[0]) for label, text in finding.observations
    ]


@pytest.mark.parametrize("name", BACKWARD)
def test_backward_names_the_operation_and_its_module(name: str) -> None:
    function, node = BACKWARD[name]
    diagnosis = diagnose(_model(function), vectors())
    finding = diagnosis.findings[0]
    assert finding.symptom == "nonfinite"
    assert math.isfinite(diagnosis.report.loss)
    assert finding.where == "2"  # the module whose operation it is
    assert f"turns NaN or Inf at 1 after {node}" in finding.message
    assert finding.measured == 2  # the weight and bias of the first layer, not of the last
    with pytest.raises(GradientHealthError, match=r"^nonfinite: "):
        assert_finite(_model(function), vectors())


def test_only_the_loss_is_not_finite() -> None:
    diagnosis = diagnose(chain(nn.ReLU, 1), vectors(), lambda out: (out * 0).sum().log())
    (finding,) = diagnosis.findings
    assert finding.where == "2"  # the last module before it
    (operation,) = (text for label, text in finding.observations if label == "Operation")
    assert operation.startswith("log at ")
    assert "test_nonfinite.py" in operation
    assert "every module's output is finite, but the loss is not" in finding.message


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_broken_parameter_is_named_itself(value: float) -> None:
    model = chain(nn.ReLU, 2)
    with torch.no_grad():
        model.get_parameter("2.weight")[3, 4] = value
    (finding,) = diagnose(model, vectors()).findings
    assert finding.where == "2.weight"


def test_a_broken_batch_is_told() -> None:
    x = vectors()
    x[0, 0] = math.nan
    (finding,) = diagnose(chain(nn.ReLU, 2), x).findings
    assert ("Before", "it is the first module; look at the batch") in finding.observations


def test_a_gradient_alone_in_the_head_of_the_network() -> None:
    """The NaN reaches one parameter only, and no other module."""

    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(4))

        def forward(self, x: Tensor) -> Any:
            return x + self.scale.sqrt()

    (finding,) = diagnose(nn.Sequential(nn.Linear(WIDTH, 4), Scale()), vectors()).findings
    assert finding.measured == 1
    assert finding.where == "1"
    assert "Sqrt" in finding.message


class Masked(nn.Module):
    """Causal attention by hand: logits of minus infinity are meant, and softmax removes them."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.query, self.key = nn.Linear(8, 8), nn.Linear(8, 8)
        self.logits = nn.Identity()

    def forward(self, x: Tensor) -> Any:
        x = self.embed(x)
        scores = self.query(x) @ self.key(x).transpose(1, 2)
        mask = torch.ones_like(scores, dtype=torch.bool).triu(1)
        return self.logits(scores.masked_fill(mask, -math.inf)).softmax(dim=-1) @ x


def test_masked_logits_are_healthy_and_mentioned() -> None:
    diagnosis = diagnose(Masked(), tokens())
    assert diagnosis.healthy, diagnosis.reasons
    assert "logits puts out NaN or Inf that reaches neither" in diagnosis.reasons["nonfinite"][0]


def test_a_row_masked_entirely_is_not() -> None:
    def attend(x: Tensor) -> Tensor:
        return x.masked_fill(torch.ones_like(x, dtype=torch.bool), -math.inf).softmax(dim=-1)

    (finding,) = diagnose(_model(attend), vectors(), checks=["nonfinite"]).findings
    assert finding.where == "2"


NEAR_MISSES: dict[str, Callable[[Tensor], Tensor]] = {
    "log1p": torch.log1p,
    "log of a clamped value": lambda x: x.clamp_min(1e-8).log(),
    "sqrt with epsilon": lambda x: (x + 1e-8).sqrt(),
    "division with epsilon": lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-8),
    "double where": lambda x: torch.where(
        x > 0, torch.where(x > 0, x, torch.ones_like(x)).log(), 0
    ),
    "norm, whose derivative at zero is zero": lambda x: (x * 0).norm(dim=1, keepdim=True) + x,
    "logsumexp": lambda x: (x * 1e4).logsumexp(dim=1, keepdim=True) / 1e4 + x,
    "nan_to_num before anything reads it": lambda x: torch.nan_to_num(x.detach() / x.detach()) + x,
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_finite(name: str) -> None:
    diagnosis = diagnose(_model(NEAR_MISSES[name]), vectors(), checks=["nonfinite"])
    assert diagnosis.healthy, diagnosis.findings[0].message
    assert diagnosis.verdicts == {"nonfinite": "pass"}


def test_large_but_finite_is_finite() -> None:
    """1e25 squared overflows float32, yet nothing here is infinite."""
    model = _model(lambda x: x * 1e25)
    report = record(model, vectors(), step=lambda m, x: (m(x) * 1e-25).sum())
    assert all(math.isfinite(layer.activation_rms) for layer in report.layers)
    healthy = diagnose(
        model, vectors(), step=lambda m, x: (m(x) * 1e-25).sum(), checks=["nonfinite"]
    )
    assert healthy.healthy


def test_label_smoothing_off_the_end() -> None:
    """Cross entropy over a class that is masked out is infinite: a real bug, and a common one."""

    def loss(out: Tensor) -> Tensor:
        out = out.masked_fill(torch.tensor([False, False, False, True]), -math.inf)
        return F.cross_entropy(out, torch.full((len(out),), 3))

    assert diagnose(chain(nn.ReLU, 1), vectors(), loss).symptoms == {"nonfinite"}


def test_an_infinite_slope_that_a_relu_stops_is_no_finding() -> None:
    class RootOfRelu(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.second(self.first(x).relu().sqrt())
            return y

    torch.manual_seed(0)
    assert diagnose(RootOfRelu(), torch.randn(4, 8)).healthy


def test_a_nan_is_accused_once() -> None:
    class Log(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.only = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.only(x).log()
            return y

    torch.manual_seed(0)
    verdicts = diagnose(Log(), torch.randn(4, 8)).verdicts
    assert verdicts["nonfinite"] == "fail"
    assert verdicts["vanishing"] == verdicts["exploding"] == "not_observed"
