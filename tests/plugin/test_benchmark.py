"""``gradhealth.benchmark``: speed and health of a backward pass in one test."""

from __future__ import annotations

import json

import pytest

TEST = """
    import torch
    from torch import nn

    def test_speed(gradhealth):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
        before = [value.clone() for value in model.state_dict().values()]
        diagnosis = gradhealth.benchmark(model, torch.randn(16, 8))
        assert diagnosis.healthy
        after = model.state_dict().values()
        assert all(torch.equal(left, right) for left, right in zip(before, after))
        assert all(p.grad is None for p in model.parameters())
"""


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-benchmark times nothing in a worker of pytest-xdist, which this test may run in."""
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)


def test_time_and_verdicts_are_saved_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    asked = ("--benchmark-json=times.json", "--benchmark-min-rounds=3", "--benchmark-max-time=0.1")
    pytester.runpytest(*asked).assert_outcomes(passed=1)
    (made,) = json.loads((pytester.path / "times.json").read_text())["benchmarks"]
    assert made["stats"]["rounds"] >= 3
    assert made["extra_info"]["disconnected"] == "pass"
    assert made["extra_info"]["worst_layer"] == "0"
    assert float(made["extra_info"]["worst_share"]) > 0


@pytest.mark.parametrize("asked", [("--benchmark-disable",), ("-n", "2")], ids=["off", "xdist"])
def test_where_nothing_is_timed_the_pass_still_runs(
    pytester: pytest.Pytester, asked: tuple[str, ...]
) -> None:
    pytester.makepyfile(TEST)
    pytester.runpytest(*asked).assert_outcomes(passed=1)


def test_a_slower_run_fails_by_the_options_of_pytest_benchmark(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    few = ("--benchmark-min-rounds=3", "--benchmark-max-time=0.1")
    pytester.runpytest("--benchmark-save=first", *few).assert_outcomes(passed=1)
    compared = pytester.runpytest(
        "--benchmark-compare=0001", "--benchmark-compare-fail=min:1%", *few
    )
    slower = "Performance has regressed" in compared.stderr.str() + compared.stdout.str()
    assert (compared.ret != 0) == slower
    compared.stdout.fnmatch_lines(["*test_speed*"])


def test_without_pytest_benchmark_it_says_what_to_install(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    result = pytester.runpytest("-p", "no:benchmark")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*gradhealth.benchmark needs pytest-benchmark: pip install*"])
