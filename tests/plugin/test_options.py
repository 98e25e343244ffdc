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
    assert "gradhealth_limits" in text


def test_the_marker_is_registered(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["*@pytest.mark.gradhealth(*limits*"])
