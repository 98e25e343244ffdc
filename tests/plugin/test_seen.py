"""What a run tells at its end: summary, JSON, JUnit properties, GitHub."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_gradhealth import Diagnosis
from pytest_gradhealth.checks import ALL_CHECKS

TESTS = """
    import pytest
    import torch
    from torch import nn

    class Deep(nn.Sequential):
        def __init__(self, depth):
            super().__init__(*[m for _ in range(depth) for m in (nn.Linear(16, 16), nn.Sigmoid())])

        def example_batch(self):
            return torch.randn(8, 16)

    def test_two(gradhealth):
        torch.manual_seed(0)
        gradhealth.assert_healthy(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), torch.randn(8, 4))
        gradhealth.assert_finite(Deep(10), torch.randn(8, 16))

    def test_sick(gradhealth):
        torch.manual_seed(0)
        gradhealth.assert_healthy(Deep(10), torch.randn(8, 16))

    def test_other():
        pass
"""


@pytest.fixture(autouse=True)
def _tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(test_net=TESTS)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


def test_the_summary_names_worst_layers_and_verdicts(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("-k", "two or other", "-p", "no:randomly")
    result.stdout.fnmatch_lines(
        [
            "*= gradient health =*",
            "test *worst layer *|grad| *verdicts",
            "test_net.py::test_two  *0 *x*e* pass*",
            "test_net.py::test_two (2) *0 *x*e-0*fail vanishing, collapse; 7 pass",
            "    vanishing: * of 10 layers get less than *",
            "    collapse: at *",
        ]
    )
    result.stdout.no_fnmatch_line("test_net.py::test_other*pass*")
    result.stdout.no_fnmatch_line("::error*")
    result.stdout.no_fnmatch_line("::warning*")


def test_verbose_gives_reasons_and_quiet_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_net="""
        import torch
        from torch import nn

        def test_one(gradhealth):
            gradhealth.diagnose(nn.Linear(4, 2), torch.randn(8, 4))
        """
    )
    plain = pytester.runpytest()
    plain.stdout.fnmatch_lines(["*pass; not observed *saturation*"])
    plain.stdout.no_fnmatch_line("    saturation not observed: *")
    pytester.runpytest("-v").stdout.fnmatch_lines(["    saturation not observed: *"])
    pytester.runpytest("-q").stdout.no_fnmatch_line("*gradient health*")


def test_a_run_without_measurements_has_no_section(pytester: pytest.Pytester) -> None:
    pytester.runpytest("-k", "other").stdout.no_fnmatch_line("*gradient health*")


@pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "xdist"])
def test_json_with_and_without_xdist(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    if workers:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    model = "--gradhealth-model=test_net.py:Deep(depth=1)"
    asked = (*workers, model, "test_net.py", "--gradhealth-json=out/health.json")
    result = pytester.runpytest_subprocess(*asked)
    result.assert_outcomes(passed=2 + len(ALL_CHECKS), failed=1)
    result.stdout.fnmatch_lines(["gradient health written to out/health.json"])
    written = json.loads((pytester.path / "out" / "health.json").read_text())
    assert written["schema"] == 1
    failed = {one["test"]: one["failed"] for one in written["measured"]}
    assert failed == {
        "test_net.py::test_two": False,
        "test_net.py::test_two (2)": False,
        "test_net.py::test_sick": True,
        "test_net.py:Deep(depth=1)": False,
    }
    (sick,) = (one for one in written["measured"] if one["test"].endswith("test_sick"))
    assert Diagnosis.from_dict(sick["diagnosis"]).symptoms == {"vanishing", "collapse"}


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
def test_junit_properties(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    if workers:
        pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    pytester.runpytest_subprocess("--junitxml=junit.xml", *workers)
    cases = ET.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    found = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in cases
    }
    assert found["test_other"] == {}
    assert found["test_sick"]["gradhealth.model"] == "Deep"
    assert found["test_sick"]["gradhealth.vanishing"] == "fail"
    assert float(found["test_sick"]["gradhealth.worst_share"] or 1) < 1e-4
    assert found["test_two"]["gradhealth.vanishing"] == "pass"
    assert found["test_two"]["gradhealth.2.vanishing"] == "fail"


def test_the_last_of_several_runs_counts(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_rerunfailures", reason="pytest-rerunfailures is not installed")
    pytester.makepyfile(
        test_net="""
        import torch
        from torch import nn

        tries = []

        def test_it(gradhealth):
            tries.append(0)
            gradhealth.diagnose(nn.Linear(4, 2), torch.randn(8, 4))
            assert len(tries) == 2
        """
    )
    asked = ("--reruns=1", "--gradhealth-json=health.json")
    pytester.runpytest_subprocess(*asked)
    (one,) = json.loads((pytester.path / "health.json").read_text())["measured"]
    assert one["failed"] is False


def test_on_github(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    step = pytester.path / "step.md"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    result = pytester.runpytest("-p", "no:randomly")
    result.stdout.fnmatch_lines(
        [
            "::warning file=test_net.py,line=*,title=vanishing in test_net.py%3A%3Atest_two (2)::*",
            "::error file=test_net.py,line=*,title=vanishing in test_net.py%3A%3Atest_sick::*",
        ]
    )
    text = step.read_text()
    assert text.startswith("before\n### Gradient health\n\n2 of 3 measured models")
    assert "| `test_net.py::test_sick` | 0 |" in text
    assert "| | | | **vanishing**: " in text
    assert text.index("test_sick") < text.index("`test_net.py::test_two`")


def test_a_class_outside_the_repository_is_annotated_at_the_test(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere.py").write_text(
        "from torch import nn\nclass Dead(nn.Sequential):\n    pass\n"
    )
    pytester.makepyfile(
        test_net="""
        import torch
        from torch import nn
        from elsewhere import Dead

        def test_it(gradhealth):
            layer = nn.Linear(4, 4)
            nn.init.constant_(layer.bias, -100.0)
            model = Dead(layer, nn.ReLU(), nn.Linear(4, 2))
            gradhealth.assert_no_dead_units(model, torch.randn(8, 4))
        """
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["::error file=test_net.py,line=1,title=dead_units in *"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_page_shows_every_diagnosis(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    pytest.importorskip("matplotlib", reason="the report extra is not installed")
    asked = (*workers, "test_net.py", "--gradhealth-report=out/health.html", "-p", "no:randomly")
    result = pytester.runpytest(*asked)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["gradient health written to out/health.html"])
    text = (pytester.path / "out" / "health.html").read_text(encoding="utf-8")
    assert text.count("<article ") == text.count("<svg") == 3
    for title in ("test_two<", "test_two (2)<", 'test_sick <span class="fail">(test failed)'):
        assert f"<span>test_net.py::{title}" in text


def test_a_page_that_cannot_be_made_is_told_before_the_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_gradhealth.plugin.options.find_spec", lambda _: None)
    result = pytester.runpytest_inprocess("--gradhealth-report=out.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*pip install 'pytest-gradhealth[[]report[]]'*"])
    assert not (pytester.path / "out.html").exists()
