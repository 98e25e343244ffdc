"""Limits from ini, then marker, then call; the nearest wins, and an unknown name is an error."""

from __future__ import annotations

import pytest

SHOW = """
    import pytest

    {marker}
    def test_it(gradhealth):
        print("share", gradhealth.limits.vanishing_share)
"""


def shown(pytester: pytest.Pytester, marker: str = "", ini: str = "") -> pytest.RunResult:
    pytester.makepyfile(SHOW.format(marker=marker))
    if ini:
        pytester.makeini(f"[pytest]\ngradhealth_limits =\n    {ini}\n")
    return pytester.runpytest("-s")


def test_defaults(pytester: pytest.Pytester) -> None:
    shown(pytester).stdout.fnmatch_lines(["*share 0.0001*"])


def test_ini(pytester: pytest.Pytester) -> None:
    shown(pytester, ini="vanishing_share = 1e-6").stdout.fnmatch_lines(["*share 1e-06*"])


def test_marker_goes_before_ini(pytester: pytest.Pytester) -> None:
    marker = "@pytest.mark.gradhealth(vanishing_share=1e-8)"
    result = shown(pytester, marker, ini="vanishing_share = 1e-6")
    result.stdout.fnmatch_lines(["*share 1e-08*"])


def test_the_nearest_marker_wins(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.gradhealth(vanishing_share=1e-5, exploding_growth=7)

        @pytest.mark.gradhealth(vanishing_share=1e-9)
        def test_it(gradhealth):
            assert gradhealth.limits.vanishing_share == 1e-9
            assert gradhealth.limits.exploding_growth == 7
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_pyproject_goes_before_ini_and_marker_before_both(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        """
        [tool.gradhealth.limits]
        vanishing_share = 1e-5
        exploding_growth = 7
        ordinary_learning_rates = [1e-4, 1e-3]
        """
    )
    pytester.makeini(
        "[pytest]\ngradhealth_limits =\n    vanishing_share = 1e-6\n    dead_share = 0.7\n"
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.gradhealth(exploding_growth=9)
        def test_it(gradhealth):
            limits = gradhealth.limits
            assert limits.vanishing_share == 1e-5
            assert limits.exploding_growth == 9
            assert limits.dead_share == 0.7
            assert limits.ordinary_learning_rates == (1e-4, 1e-3)
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("[tool.gradhealth.limits]\nvanish = 1", "*unknown limit vanish; the limits are *"),
        ("[tool.gradhealth.limit]", "*unknown ?tool.gradhealth.limit?; the tables are *limits?*"),
        ("[tool.gradhealth.limits]\ndead_share = 'x'", "*dead_share='x' must be zero or more*"),
    ],
)
def test_mistakes_in_pyproject_are_errors(pytester: pytest.Pytester, table: str, text: str) -> None:
    pytester.makepyprojecttoml(table)
    result = shown(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([text])


@pytest.mark.parametrize(
    ("marker", "ini", "text"),
    [
        ("@pytest.mark.gradhealth(vanish=1)", "", "*unknown limit vanish; the limits are *share*"),
        ("@pytest.mark.gradhealth(1e-8)", "", "*takes keywords only*"),
        ("@pytest.mark.gradhealth(vanishing_share=-1)", "", "*vanishing_share=-1 must be zero*"),
        ("@pytest.mark.gradhealth(vanishing_share='a')", "", "*vanishing_share='a' must be*"),
        ("", "vanish = 1", "*unknown limit vanish*"),
        ("", "vanishing_share", "*takes NAME=VALUE lines*"),
        ("", "vanishing_share = much", "*'much' is not a number*"),
    ],
)
def test_mistakes_are_errors(pytester: pytest.Pytester, marker: str, ini: str, text: str) -> None:
    result = shown(pytester, marker, ini)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([text])
