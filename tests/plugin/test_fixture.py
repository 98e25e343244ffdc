"""The fixture: assertions as methods, one diagnosis shared, clear errors."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytest_gradhealth import (
    GradientHealth,
    GradientHealthError,
    Limits,
    ProbeError,
    fixture,
    record,
)
from pytest_gradhealth.diagnosis import diagnose

SICK = """
    import torch
    from torch import nn

    def sick():
        torch.manual_seed(0)
        return nn.Sequential(*[m for _ in range(10) for m in (nn.Linear(16, 16), nn.Sigmoid())])
"""


def deep_sigmoid() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*[m for _ in range(10) for m in (nn.Linear(16, 16), nn.Sigmoid())])


def test_a_failing_test_shows_the_message_and_no_inner_frames(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SICK
        + """
    def test_it(gradhealth):
        gradhealth.assert_no_vanishing(sick(), torch.randn(8, 16))
    """
    )
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*GradientHealthError: vanishing: * layers get less than 1e-04*",
            "*Worst*rms(grad)*",
            "*Remedies tried on a copy*",
            "*ReLU + kaiming_normal_*healthy*",
            "*Accept*@pytest.mark.gradhealth(vanishing_share=*)*",
        ]
    )
    result.stdout.no_fnmatch_line("*assertions.py*")
    result.stdout.no_fnmatch_line("*fixture.py*")


def test_verbose_shows_hidden_rows(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SICK
        + """
    def test_it(gradhealth):
        gradhealth.assert_no_vanishing(sick(), torch.randn(8, 16))
    """
    )
    pytester.runpytest().stdout.fnmatch_lines(["*rows hidden, -v shows them*"])
    pytester.runpytest("-v").stdout.no_fnmatch_line("*rows hidden*")


def test_one_diagnosis_serves_all_assertions(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*args: object, **kwargs: object) -> object:
        calls.append(args)
        return diagnose(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(fixture, "diagnose", counted)
    health = GradientHealth(Limits())
    model, batch = nn.Linear(4, 2), torch.randn(8, 4)
    health.assert_no_vanishing(model, batch)
    health.assert_no_exploding(model, batch)
    health.assert_finite(model, batch)
    health.assert_connected(model, batch)
    health.assert_healthy(model, batch)
    assert len(calls) == 1


def test_a_changed_model_is_measured_again() -> None:
    health = GradientHealth(Limits())
    model, batch = nn.Linear(4, 2), torch.randn(8, 4)
    before = health.diagnose(model, batch)
    with torch.no_grad():
        model.weight.mul_(3)
    assert health.diagnose(model, batch) is not before
    model.eval()
    model.train()
    again = health.diagnose(model, batch)
    model.bias.requires_grad_(False)
    assert health.diagnose(model, batch) is not again


def test_a_finding_on_other_modes_is_measured_again() -> None:
    health = GradientHealth(Limits())
    model, batch = nn.Sequential(nn.Linear(4, 2), nn.Dropout()), torch.randn(8, 4)
    before = health.diagnose(model, batch)
    model.eval()
    assert health.diagnose(model, batch) is not before


def test_a_call_goes_before_the_fixtures_limits() -> None:
    health = GradientHealth(Limits())
    batch = torch.randn(8, 16)
    with pytest.raises(GradientHealthError):
        health.assert_no_vanishing(deep_sigmoid(), batch)
    health.assert_no_vanishing(deep_sigmoid(), batch, limits=Limits(vanishing_share=1e-20))


def test_a_diagnosis_may_stand_for_the_model() -> None:
    health = GradientHealth(Limits())
    diagnosis = diagnose(nn.Linear(4, 2), torch.randn(8, 4))
    assert health.assert_healthy(diagnosis) is diagnosis


def test_a_report_may_stand_for_the_model() -> None:
    report = record(deep_sigmoid(), torch.randn(8, 16))
    with pytest.raises(ProbeError, match="only the model can confirm"):
        GradientHealth(Limits()).assert_no_vanishing(report)
    GradientHealth(Limits(vanishing_share=1e-30)).assert_no_vanishing(report)


def test_not_observed_is_not_a_pass() -> None:
    health = GradientHealth(Limits())
    layer = nn.Linear(4, 4)
    nn.init.constant_(layer.bias, -100.0)
    dead = nn.Sequential(layer, nn.ReLU())
    with pytest.raises(ProbeError, match="could not be observed"):
        health.assert_no_vanishing(dead, torch.randn(8, 4))


def test_an_error_of_the_model_is_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from torch import nn
        import torch

        def test_it(gradhealth):
            gradhealth.assert_healthy(nn.Linear(4, 2), torch.randn(8, 5))
        """
    )
    pytester.runpytest().stdout.fnmatch_lines(["*RuntimeError: mat1 and mat2 shapes*"])


def test_works_in_unittest_classes_and_parametrised(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import unittest

        import pytest
        import torch
        from torch import nn

        @pytest.mark.parametrize("width", [4, 8])
        def test_widths(gradhealth, width):
            gradhealth.assert_healthy(nn.Linear(width, 2), torch.randn(8, width))

        class TestNet(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _take(self, gradhealth):
                self.gradhealth = gradhealth

            def test_it(self):
                self.gradhealth.assert_healthy(nn.Linear(4, 2), torch.randn(8, 4))
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)


def test_under_xdist(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    pytester.makepyfile(
        """
        import torch
        from torch import nn

        def test_one(gradhealth):
            gradhealth.assert_healthy(nn.Linear(4, 2), torch.randn(8, 4))

        def test_two(gradhealth):
            gradhealth.assert_healthy(nn.Linear(4, 2), torch.randn(8, 4))
        """
    )
    pytester.runpytest_subprocess("-n2").assert_outcomes(passed=2)


def test_another_limit_seed_or_check_is_measured_anew() -> None:
    health = GradientHealth(Limits())
    model, batch = nn.Linear(4, 2), torch.randn(8, 4)
    first = health.diagnose(model, batch)
    assert health.diagnose(model, batch, limits=Limits(), seed=0) is first
    assert health.diagnose(model, batch, seed=1) is not first
    assert health.diagnose(model, batch, limits=Limits(dead_share=0.7)) is not first
    chosen = health.assert_healthy(model, batch, checks=["vanishing"])
    assert set(chosen.verdicts) == {"vanishing"}
    assert len(health.diagnoses) == 4


def test_unknown_names_are_no_methods() -> None:
    with pytest.raises(AttributeError, match="assert_nothing"):
        GradientHealth(Limits()).assert_nothing(None)


def test_under_rerunfailures(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_rerunfailures", reason="pytest-rerunfailures is not installed")
    pytester.makepyfile(
        """
        import torch
        from torch import nn

        tries = []

        def test_it(gradhealth):
            tries.append(gradhealth)
            gradhealth.assert_healthy(nn.Linear(4, 2), torch.randn(8, 4))
            assert len(tries) == 2
            assert len(gradhealth.diagnoses) == 1
        """
    )
    result = pytester.runpytest_subprocess("--reruns=1")
    result.stdout.fnmatch_lines(["*1 passed, 1 rerun*"])


def test_under_randomly(pytester: pytest.Pytester) -> None:
    """It reseeds and reorders; a diagnosis has its own seed."""
    pytest.importorskip("pytest_randomly", reason="pytest-randomly is not installed")
    pytester.makepyfile(
        """
        import pytest
        import torch
        from torch import nn

        torch.manual_seed(0)
        model, batch = nn.Linear(4, 2), torch.randn(8, 4)

        @pytest.mark.parametrize("number", range(4))
        def test_it(gradhealth, number):
            print("loss", gradhealth.assert_healthy(model, batch).report.loss)
        """
    )
    losses = set()
    for seed in (1, 2):
        result = pytester.runpytest_subprocess("-s", f"--randomly-seed={seed}")
        result.assert_outcomes(passed=4)
        losses |= {line.split("loss ")[1] for line in result.outlines if "loss " in line}
    assert len(losses) == 1
