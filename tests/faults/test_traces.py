"""No model of the collection is changed by a diagnosis, whether it ends or breaks in between."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import Limits, ProbeError, diagnose, record
from tests.faults.case import Case
from tests.faults.collection import ALL_CASES
from tests.faults.subject import subject_of
from tests.runtime.traces import photograph

pytestmark = pytest.mark.filterwarnings("ignore")

#: Remedies work on copies; their own tests are elsewhere.
LIMITS = Limits(remedy_seconds=0.0)


class BrokenError(Exception):
    """What a model raises here in the middle of a pass."""


class RaiseBackward(torch.autograd.Function):
    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(_context: Any, *_gradients: Any) -> Any:
        raise BrokenError


def raise_forward(_module: nn.Module, _inputs: Any, _output: Any) -> None:
    raise BrokenError


def raise_backward(_module: nn.Module, _inputs: Any, output: Any) -> Any:
    return RaiseBackward.apply(output) if isinstance(output, Tensor) else output  # type: ignore[no-untyped-call]


def middle(model: nn.Module) -> nn.Module:
    """A leaf module half-way through the model's own order."""
    leaves = [module for module in model.modules() if not any(True for _ in module.children())]
    return leaves[len(leaves) // 2]


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_diagnosis_leaves_no_trace(case: Case) -> None:
    model, batch = subject_of(case).fresh()
    with case.context():
        before = photograph(model)
        diagnose(model, batch, case.task.loss_fn, step=case.task.step, limits=LIMITS)
        assert photograph(model) == before


@pytest.mark.parametrize("breaks", [raise_forward, raise_backward])
@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_pass_that_breaks_leaves_no_trace(case: Case, breaks: Any) -> None:
    model, batch = subject_of(case).fresh()
    middle(model).register_forward_hook(breaks)
    with case.context():
        before = photograph(model)
        # A module that does not run, or gets no gradient, breaks nothing.
        with suppress(BrokenError, RuntimeError, ProbeError):
            record(model, batch, case.task.loss_fn, step=case.task.step)
        assert photograph(model) == before
