"""``gradhealth.assert_matches_baseline`` and ``--gradhealth-update``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEST = """
    import pytest
    import torch
    from torch import nn

    NORM = nn.{norm}

    def net(seed=0):
        torch.manual_seed(seed)
        parts = [part for _ in range(6) for part in (nn.Linear(16, 16), NORM(16), nn.ReLU())]
        return nn.Sequential(*parts, nn.Linear(16, 4))

    def test_net(gradhealth):
        gradhealth.assert_matches_baseline(net(), torch.randn(16, 16))
        gradhealth.assert_matches_baseline(net(1), torch.randn(16, 16))

    class TestNets:
        @pytest.mark.parametrize("width", [4, 8], ids=["w/4", "w 8"])
        def test_wide(self, gradhealth, width):
            gradhealth.assert_matches_baseline(nn.Linear(16, width), torch.randn(16, 16))
"""
UNIT = """
    import unittest
    import pytest
    import torch
    from torch import nn

    class TestNet(unittest.TestCase):
        @pytest.fixture(autouse=True)
        def take(self, gradhealth):
            self.gradhealth = gradhealth

        def test_net(self):
            self.gradhealth.assert_matches_baseline(nn.Linear(16, 4), torch.randn(16, 16))
"""
FILES = {"test_net.json", "test_net-2.json"}


@pytest.fixture(autouse=True)
def _tests(pytester: pytest.Pytester) -> None:
    write(pytester)


def write(pytester: pytest.Pytester, norm: str = "LayerNorm") -> None:
    (pytester.path / "tests").mkdir(exist_ok=True)
    pytester.makepyfile(**{"tests/test_nets": TEST.format(norm=norm)})


def profiles(pytester: pytest.Pytester) -> dict[str, str]:
    """The files by their names."""
    folder = pytester.path / "tests" / "gradhealth_baselines" / "test_nets"
    return {file.name: file.read_text() for file in folder.iterdir()} if folder.is_dir() else {}


def test_without_baselines_every_test_fails_with_the_command_to_run(
    pytester: pytest.Pytester,
) -> None:
    result = pytester.runpytest("-p", "no:randomly")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E*baseline: there is no gradient profile to compare with",
            "E*Expected*gradhealth_baselines*test_nets*test_net.json",
            "E*pytest tests/test_nets.py::test_net --gradhealth-update; then commit the file",
        ]
    )
    assert profiles(pytester) == {}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_an_update_writes_a_file_for_each_call_and_says_so(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = pytester.runpytest("--gradhealth-update", *workers)
    result.assert_outcomes(passed=3)
    place = Path("tests", "gradhealth_baselines", "test_nets", "test_net.json")
    result.stdout.fnmatch_lines([f"gradient profile written: {place}"])
    made = profiles(pytester)
    assert len(made) == 4
    assert set(made) > FILES
    assert all(json.loads(text)["layers"] for text in made.values())
    again = pytester.runpytest("--gradhealth-update", *workers)
    again.assert_outcomes(passed=3)
    again.stdout.no_fnmatch_line("*profile written*")
    assert profiles(pytester) == made
    pytester.runpytest(*workers).assert_outcomes(passed=3)


def test_a_change_fails_until_it_is_accepted(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--gradhealth-update").assert_outcomes(passed=3)
    write(pytester, norm="Identity")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1, passed=2)
    result.stdout.fnmatch_lines(
        [
            "E*layers get another share of the gradient than in the baseline",
            "E*Accept*--gradhealth-update*",
        ]
    )
    before = profiles(pytester)
    accepted = pytester.runpytest("--gradhealth-update", "-k", "test_net")
    accepted.assert_outcomes(passed=3)
    after = profiles(pytester)
    assert {name for name in after if before[name] != after[name]} == FILES
    pytester.runpytest().assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '{"gradhealth_baseline": 2}',
            "*test_net.json is of format 2, and this version reads up to 1;*",
        ),
        ('{"gradhealth_base', "*test_net.json is not JSON: line 1*"),
    ],
)
def test_a_file_of_something_else_is_an_error_that_names_it(
    pytester: pytest.Pytester, text: str, told: str
) -> None:
    pytester.runpytest("--gradhealth-update").assert_outcomes(passed=3)
    place = pytester.path / "tests" / "gradhealth_baselines" / "test_nets" / "test_net.json"
    place.write_text(text)
    result = pytester.runpytest("-k", "test_net and not wide")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines([told])
    assert place.read_text() == text
    pytester.runpytest("--gradhealth-update").assert_outcomes(passed=3)
    pytester.runpytest().assert_outcomes(passed=3)


def test_in_a_class_of_unittest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_unit=UNIT)
    pytester.runpytest("test_unit.py").assert_outcomes(failed=1)
    pytester.runpytest("test_unit.py", "--gradhealth-update").assert_outcomes(passed=1)
    assert (pytester.path / "gradhealth_baselines" / "test_unit" / "TestNet.test_net.json").exists()
    pytester.runpytest("test_unit.py").assert_outcomes(passed=1)


def test_limits_come_from_the_marker_and_a_path_from_the_call(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_own="""
        import pytest
        import torch
        from torch import nn

        @pytest.mark.gradhealth(baseline_factor=1e9, baseline_certain=1e9)
        @pytest.mark.parametrize("scale", [1.0, 100.0])
        def test_net(gradhealth, scale):
            model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
            with torch.no_grad():
                model[2].weight.mul_(scale)
            made = gradhealth.assert_matches_baseline(model, torch.randn(4, 8), path="own.json")
            assert gradhealth.compared == [made]
    """
    )
    pytester.runpytest("test_own.py", "-k", "1.0", "--gradhealth-update").assert_outcomes(passed=1)
    pytester.runpytest("test_own.py").assert_outcomes(passed=2)
    assert (pytester.path / "own.json").exists()
