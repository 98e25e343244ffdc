"""A fault put into one known place is named there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Diagnosis, Limits, diagnose

QUICK = Limits(remedy_seconds=0.0)
Activation = Callable[[Tensor], Tensor]


def vectors() -> tuple[Tensor, Tensor]:
    x = torch.randn(64, 16)
    return x, (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()


class Sick(nn.Module):
    """A healthy residual start, a plain chain, a healthy end."""

    def __init__(self, depth: int, activation: Activation, factor: float = 1.0) -> None:
        super().__init__()
        self.inp = nn.Linear(16, 32)
        self.stem = nn.ModuleList(nn.Linear(32, 32) for _ in range(3))
        self.sick = nn.ModuleList(nn.Linear(32, 32) for _ in range(depth))
        self.tail = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
        self.activation = activation
        with torch.no_grad():
            for layer in self.sick:
                layer.weight.mul_(factor)  # type: ignore[operator]

    def forward(self, x: Tensor) -> Any:
        x = self.inp(x)
        for layer in self.stem:
            x = x + 0.3 * F.relu(layer(x))
        for layer in self.sick:
            x = self.activation(layer(x))
        return self.tail(x)


class Sums(nn.Module):
    """Messages over a graph: a layer's output goes in straight and, once more, through another."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.lift, self.message = nn.Linear(16, 24), nn.Linear(24, 24)
        self.answer = nn.Linear(24, 4)
        nn.init.constant_(self.message.bias, bias)

    def forward(self, x: Tensor) -> Any:
        h = self.lift(x)
        ring = torch.eye(len(x)).roll(1, 0)
        return self.answer(F.relu(h + ring @ self.message(h)))


class SingleValues(nn.Module):
    """A normalisation over one value at a time gives zero, or the rounding around it."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.lift, self.norm = nn.Linear(16, 32), nn.GroupNorm(groups, 32)
        self.tail = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Any:
        return self.tail(F.relu(self.norm(self.lift(x))))


class UnitLength(nn.Module):
    def forward(self, x: Tensor, new: Tensor) -> Tensor:
        unit: Tensor = new / new.norm(dim=1, keepdim=True)
        return x + unit


class ZeroStart(nn.Module):
    """A branch that starts at zero, and a join that divides by its length."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 32), nn.Linear(32, 32)
        self.join, self.head = UnitLength(), nn.Linear(32, 4)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        return self.head(self.join(x, self.down(F.relu(self.up(x)))))


class Noisy(nn.Module):
    """A variational bottleneck whose log variance is far too large."""

    def __init__(self, log_variance: float) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(32, 8), nn.Linear(32, 8)
        self.decoder = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16))
        nn.init.constant_(self.log_variance.bias, log_variance)

    def forward(self, x: Tensor) -> Any:
        h = self.encoder(x)
        mean, deviation = self.mean(h), (self.log_variance(h) / 2).exp()
        return self.decoder(mean + torch.randn_like(mean) * deviation)


class Bare(nn.Module):
    """A parameter of the model's own that something cuts off."""

    def __init__(self, read: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
        self.read = read

    def forward(self, x: Tensor) -> Any:
        return self.read(self.scale) * self.net(x)


class Bumps(nn.Module):
    """Radial basis functions so narrow that every one is zero everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(64, 16))

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(-1e4 * (x[:, None] - self.centres).square().mean(-1))


def found(
    build: Callable[[], nn.Module],
    batch: Sequence[Tensor] | None = None,
    loss: Callable[..., Tensor] = F.cross_entropy,
) -> Diagnosis:
    torch.manual_seed(3)
    model = build()
    return diagnose(model, tuple(batch or vectors()), loss, limits=QUICK)


@pytest.mark.parametrize(
    ("build", "symptom"),
    [
        (lambda: Sick(12, torch.sigmoid), "vanishing"),
        (lambda: Sick(12, F.relu, 0.1), "vanishing"),
        (lambda: Sick(12, F.relu, 30.0), "exploding"),
    ],
)
def test_a_chain_after_a_healthy_start_is_named_from_its_own_first_layer(
    build: Callable[[], nn.Module], symptom: str
) -> None:
    finding = found(build).findings[0]
    assert (finding.symptom, finding.where) == (symptom, "sick.0")


def test_of_a_sum_the_part_that_decides_is_named() -> None:
    finding = found(lambda: Sums(-80.0)).findings[0]
    assert (finding.symptom, finding.where) == ("dead_units", "message")
    assert found(lambda: Sums(0.0)).healthy


def test_a_normalisation_of_single_values_is_named() -> None:
    findings = {f.symptom: f.where for f in found(lambda: SingleValues(32)).findings}
    assert findings["collapse"] == "norm"
    assert found(lambda: SingleValues(8)).healthy


def test_a_branch_of_zeros_is_no_growth() -> None:
    diagnosis = found(ZeroStart)
    assert [f.symptom for f in diagnosis.findings] == ["nonfinite"]
    assert diagnosis.findings[0].where == "join"


def test_a_loss_that_overflows_is_named_from_where_it_grows() -> None:
    x = torch.randn(64, 16)
    finding = found(lambda: Noisy(120.0), (x, x), F.mse_loss).findings[0]
    assert (finding.symptom, finding.where) == ("nonfinite", "log_variance")
    assert "overflow at the loss" in finding.message
    assert found(lambda: Noisy(-2.0), (x, x), F.mse_loss).healthy


@pytest.mark.filterwarnings("ignore:Converting a tensor")  # torch's own, of float()
@pytest.mark.parametrize("read", [torch.Tensor.detach, torch.Tensor.item, float])
def test_a_parameter_of_the_model_itself_is_named(read: Callable[[Tensor], Any]) -> None:
    finding = found(lambda: Bare(read)).findings[0]
    assert (finding.symptom, finding.where) == ("disconnected", "scale")
    assert found(lambda: Bare(lambda scale: scale)).healthy


def test_an_output_of_zeros_holds_no_difference() -> None:
    findings = {
        f.symptom: f.where for f in found(lambda: nn.Sequential(Bumps(), nn.Linear(64, 4))).findings
    }
    assert findings["collapse"] == "0"
