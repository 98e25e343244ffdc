"""Stages of a long measurement, on a terminal and nowhere else."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytest_gradhealth import diagnose, progress
from pytest_gradhealth.checks import Need
from pytest_gradhealth.checks.check import STAGES

TEST = """
    import torch
    from torch import nn
    from pytest_gradhealth.plugin import progress

    progress._PATIENCE = {patience}

    def test_it(gradhealth):
        layers = [m for _ in range(10) for m in (nn.Linear(16, 16), nn.Sigmoid())]
        gradhealth.diagnose(nn.Sequential(*layers), torch.randn(8, 16))
"""
TERMINAL = """
    import pytest

    @pytest.hookimpl(trylast=True)
    def pytest_configure(config):
        config.pluginmanager.get_plugin("terminalreporter").isatty = lambda: True
"""


def shown(pytester: pytest.Pytester, *options: str, patience: float = 0.0) -> bool:
    pytester.makepyfile(TEST.format(patience=patience))
    result = pytester.runpytest_subprocess(*options)
    result.assert_outcomes(passed=1)
    return "gradient health of test_it: vanishing, " in result.stdout.str()


def test_a_sick_model_tells_its_stages_and_the_end() -> None:
    stages: list[str] = []
    layers = [m for _ in range(10) for m in (nn.Linear(16, 16), nn.Sigmoid())]
    with progress.told_to(stages.append):
        diagnose(nn.Sequential(*layers), torch.randn(8, 16))
    assert stages[0] == "the first pass"
    assert "vanishing, with other seeds" in stages
    assert "vanishing, trying ReLU + kaiming_normal_" in stages
    assert stages[-1] == ""
    told = len(stages)
    diagnose(nn.Linear(4, 2), torch.randn(8, 4))
    assert len(stages) == told


def test_an_exception_ends_it_too() -> None:
    stages: list[str] = []
    with progress.told_to(stages.append), pytest.raises(RuntimeError):
        diagnose(nn.Linear(4, 2), torch.randn(8, 5))
    assert stages == ["the first pass", ""]


def test_every_measurement_has_a_name() -> None:
    assert set(STAGES) == set(Need)


def test_on_a_terminal(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(TERMINAL)
    assert shown(pytester)
    assert not shown(pytester, patience=3600.0)
    assert not shown(pytester, "-q")
    monkeypatch.setenv("CI", "true")
    assert not shown(pytester)


def test_not_in_a_log(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert not shown(pytester)
