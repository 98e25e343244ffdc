"""A module called many times learns from all its calls together."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import diagnose
from pytest_gradhealth.profile import profile_of
from tests.runtime.models import shown


class Unrolled(nn.Module):
    """A cell applied step by step, its input projected at every step."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.project = nn.Linear(8, 16)
        self.cell = cell(16, 16)
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        state: Any = None
        for step in range(x.shape[1]):
            state = self.cell(self.project(x[:, step]), state)
        y: Tensor = self.head(state[0] if isinstance(state, tuple) else state)
        return y


class TiedAfterStem(nn.Module):
    """One sigmoid layer applied again and again: the stem before it gets nothing."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times
        self.stem = nn.Linear(16, 16)
        self.tied = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(self.times):
            x = torch.sigmoid(self.tied(x))
        return x


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
def test_a_cell_unrolled_over_long_time_is_healthy(cell: type[nn.Module]) -> None:
    torch.manual_seed(0)
    diagnosis = diagnose(Unrolled(cell), torch.randn(4, 80, 8))
    assert diagnosis.healthy
    assert diagnosis.passes == 1


def test_a_fading_loop_after_a_stem_still_vanishes() -> None:
    torch.manual_seed(0)
    diagnosis = diagnose(TiedAfterStem(12), torch.randn(8, 16))
    assert shown(diagnosis) == {"vanishing"}
    finding = diagnosis.findings[0]
    assert finding.where == "tied"


def test_calls_add_up_to_one_gradient() -> None:
    torch.manual_seed(0)
    report = diagnose(Unrolled(nn.GRUCell), torch.randn(4, 5, 8)).report
    calls = [layer for layer in report.layers if layer.path == "project"]
    profile = profile_of(report)
    assert len(calls) == 5
    assert profile is not None
    (together,) = (layer for layer in profile.layers if layer.path == "project")
    squares = sum((layer.gradient_norm or 0.0) ** 2 for layer in calls)
    assert together.gradient_norm == pytest.approx(squares**0.5)
    assert together.depth == min(layer.depth or 0 for layer in calls)
