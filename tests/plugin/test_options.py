"""The command line options."""

from __future__ import annotations

import pytest

TEST = """
    def test_it(gradhealth):
        print("seed", gradhealth.seed)

    def test_other():
        pass
"""


def test_off_skips_only_gradient_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    pytester.runpytest("--gradhealth-off").assert_outcomes(passed=1, skipped=1)


def test_seed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    pytester.runpytest("-s", "--gradhealth-seed=7").stdout.fnmatch_lines(["*seed 7*"])


def test_help_lists_the_options(pytester: pytest.Pytester) -> None:
    text = pytester.runpytest("--help").stdout.str()
    assert "--gradhealth-off" in text
    assert "--gradhealth-seed" in text
    assert "--gradhealth-device" in text
    assert "gradhealth_limits" in text


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["*@pytest.mark.gradhealth(*limits*"])


def test_device(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import torch
        from torch import nn

        def test_it(gradhealth):
            model = nn.Linear(4, 2)
            gradhealth.assert_healthy(model, torch.randn(8, 4))
            assert model.weight.device.type == "cpu"
        """
    )
    pytester.runpytest("--gradhealth-device=cpu").assert_outcomes(passed=1)
    unknown = pytester.runpytest("--gradhealth-device=abacus")
    unknown.assert_outcomes(failed=1)
    unknown.stdout.fnmatch_lines(["*ProbeError: device 'abacus' cannot be used here: *"])
    pytester.runpytest("--gradhealth-device=meta").stdout.fnmatch_lines(
        ["*ProbeError: device 'meta' holds no values*"]
    )
