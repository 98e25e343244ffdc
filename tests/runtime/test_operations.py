"""The operation that cuts the graph is named with its line; our own hooks never are."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import diagnose, record
from tests.runtime.models import Recurrent, Transformer, chain, tokens, vectors

HERE = __file__


class Between(nn.Module):
    """A layer, a function, a head."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.body, self.head = chain(nn.ReLU, 1), nn.Linear(4, 2)
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.head(self.function(self.body(x)))


def _detach(x: Tensor) -> Tensor:
    return x.detach()


def _detach_in_place(x: Tensor) -> Tensor:
    y = x * 2
    return y.detach_()


def _data(x: Tensor) -> Tensor:
    return x.data


def _item(x: Tensor) -> Tensor:
    return torch.full((len(x), 4), x.sum().item())


def _tolist(x: Tensor) -> Tensor:
    return torch.tensor(x.tolist())


def _numpy(x: Tensor) -> Tensor:
    return torch.from_numpy(x.detach().cpu().numpy() * 2)


def _argmax(x: Tensor) -> Tensor:
    return F.one_hot(x.argmax(dim=1), 4).float()


def _no_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        return x.mul(2)


def _inference(x: Tensor) -> Tensor:
    with torch.inference_mode():
        y = x.mul(2)
    return y.clone()


# What the finding must name, and the line of the function above that does it.
CUTS: dict[Callable[[Tensor], Tensor], tuple[str, int]] = {
    _detach: ("detach", 1),
    _detach_in_place: ("detach_", 2),
    _data: ("data", 1),
    _item: ("item", 1),
    _tolist: ("tolist", 1),
    _numpy: ("detach", 1),
    _argmax: ("argmax", 1),
    _no_grad: ("mul under torch.no_grad", 2),
    _inference: ("mul under torch.no_grad", 2),
}


def line(function: Callable[..., Any], offset: int) -> str:
    return f"{HERE}:{inspect.getsourcelines(function)[1] + offset}"


@pytest.mark.parametrize("function", CUTS, ids=lambda f: f.__name__)
def test_what_cuts_the_graph_is_named_with_its_line(function: Callable[[Tensor], Tensor]) -> None:
    (finding,) = diagnose(Between(function), vectors(), checks=["disconnected"]).findings
    assert (finding.symptom, finding.where) == ("disconnected", "body.2")
    name, offset = CUTS[function]
    assert f"({name} at {line(function, offset)})" in dict(finding.observations)["Where"]


class InnerCut(nn.Module):
    """Cuts on one of its own lines, between two of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(32, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Any:
        hidden = self.first(x).relu()
        target = hidden.detach()  # a target is meant to be cut
        return self.second(hidden.data) + (target - target).sum()


def test_a_cut_that_matters_is_told_from_one_that_does_not() -> None:
    """A detached copy beside the cut comes first in the code, and is not what cuts."""
    (finding,) = diagnose(InnerCut(), vectors()).findings
    assert finding.where == "first"
    assert f"data at {line(InnerCut.forward, 3)}" in dict(finding.observations)["Where"]


def test_a_detached_target_cuts_nothing() -> None:
    class Target(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = chain(nn.ReLU, 1)

        def forward(self, x: Tensor) -> Any:
            y = self.body(x)
            return y - y.detach().mean()

    diagnosis = diagnose(Target(), vectors())
    assert diagnosis.verdicts["disconnected"] == "pass"
    assert diagnosis.report.cuts == ()


def test_a_cut_in_the_loss_is_named() -> None:
    def loss(output: Tensor) -> Tensor:
        return output.detach().square().mean().requires_grad_()

    (finding,) = diagnose(chain(nn.ReLU, 1), vectors(), loss, checks=["disconnected"]).findings
    assert finding.where == "2"
    assert f"detach at {line(loss, 1)}" in dict(finding.observations)["Where"]


@pytest.mark.parametrize(
    ("make", "batch"),
    [
        (lambda: Between(_detach), vectors),
        (lambda: Between(torch.sqrt), vectors),
        (lambda: nn.Sequential(Between(_detach)), vectors),
        (Transformer, tokens),
    ],
)
def test_our_own_hooks_are_never_blamed(
    make: Callable[[], nn.Module], batch: Callable[[], Tensor]
) -> None:
    report = record(make(), batch())
    blamed = [*report.cuts, *filter(None, [report.nonfinite_operation])]
    assert not any("pytest_gradhealth/" in operation.line for operation in blamed), blamed


def test_the_leaf_we_put_before_a_recurrent_module_is_no_cut() -> None:
    """The input of a recurrent module is detached by the recorder itself, where it is data."""

    class Unused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.spare = Recurrent(nn.LSTM), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Any:
            return self.body(x)

    report = record(Unused(), torch.randn(4, 5, 8))
    assert report.cuts == ()
    assert diagnose(Unused(), torch.randn(4, 5, 8)).verdicts["disconnected"] == "not_observed"
