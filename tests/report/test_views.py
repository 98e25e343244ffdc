"""A diagnosis in a notebook: its plot, and what it shows of itself."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import nn

from pytest_gradhealth import Diagnosis, ProbeError, diagnose


@pytest.fixture(scope="module")
def sick() -> Diagnosis:
    torch.manual_seed(0)
    layers = [m for _ in range(8) for m in (nn.Linear(16, 16), nn.Sigmoid())]
    return diagnose(nn.Sequential(*layers), torch.randn(8, 16))


def test_plot_draws_both_profiles(sick: Diagnosis) -> None:
    pytest.importorskip("matplotlib", reason="the report extra is not installed")
    (axes,) = sick.plot().axes
    gradient, activation = axes.get_lines()
    assert axes.get_yscale() == "log"
    assert [line.get_label() for line in (gradient, activation)] == ["gradient", "activation"]
    numbers = list(np.asarray(gradient.get_ydata(), dtype=float))
    assert len(numbers) == 8
    assert numbers == sorted(numbers)
    assert max(numbers) == 1.0


def test_a_notebook_shows_verdicts_plot_and_findings(sick: Diagnosis) -> None:
    pytest.importorskip("matplotlib", reason="the report extra is not installed")
    shown = sick._repr_html_()
    assert shown is not None
    assert "✗ collapse, vanishing" in shown
    assert shown.count("<svg") == 1
    assert "What was found, and what helps" in shown
    assert "&lt;svg" not in shown


def test_without_the_extra_it_is_plain_text(
    sick: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pytest_gradhealth.report", None)
    assert sick._repr_html_() is None
    with pytest.raises(ProbeError, match=r"pip install 'pytest-gradhealth\[report\]'"):
        sick.plot()
