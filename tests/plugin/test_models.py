"""``--gradhealth-model``: tests without code, an item per symptom."""

from __future__ import annotations

import pytest

from pytest_gradhealth.checks import ALL_CHECKS

NET = """
    import torch
    from torch import nn

    class Deep(nn.Sequential):
        def __init__(self, depth=10):
            super().__init__(*[m for _ in range(depth) for m in (nn.Linear(16, 16), nn.Sigmoid())])

        def example_batch(self):
            return torch.randn(8, 16)

    def layers():
        return nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2))

    def pair():
        return layers(), torch.randn(8, 4)

    def broken():
        raise RuntimeError("out of paper")

    def nothing():
        return 5

    finished = layers()
    finished.example_inputs = torch.randn(8, 4)

    class Nets:
        inner = staticmethod(pair)

    def dead():
        layer = nn.Linear(4, 4)
        nn.init.constant_(layer.bias, -100.0)
        return nn.Sequential(layer, nn.ReLU()), torch.randn(8, 4)
"""
EACH = len(ALL_CHECKS)


@pytest.fixture(autouse=True)
def _net(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(net=NET)
    pytester.makepyfile(test_own="def test_own(): pass")


def test_an_item_per_symptom_that_reads_like_a_test(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("-v", "--gradhealth-model=net.py:Deep")
    result.assert_outcomes(passed=EACH - 2, failed=2)
    result.stdout.fnmatch_lines_random(
        [
            f"*collected {EACH} items",
            "net.py:Deep::nonfinite PASSED*",
            "net.py:Deep::vanishing FAILED*",
            "GradientHealthError: vanishing: * of 10 layers get less than 1e-04*",
            "*Remedies tried on a copy*",
            "FAILED net.py:Deep::vanishing - *",
        ]
    )
    result.stdout.no_fnmatch_line("*plugin/models.py*")


@pytest.mark.parametrize(
    "name",
    ["net.py:Deep(depth=2)", "net:Deep(depth=2)", "net:pair", "net:finished", "net:Nets.inner"],
)
def test_the_forms_of_a_name(pytester: pytest.Pytester, name: str) -> None:
    pytester.runpytest(f"--gradhealth-model={name}").assert_outcomes(passed=EACH)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("net", "'net' names no model; write package.module:factory, *"),
        ("net.py:Shallow", "net.py has no 'Shallow'"),
        ("nett.py:Deep", "there is no file nett.py"),
        ("nett:Deep", "there is no module 'nett' here: *"),
        ("net:nothing", "net:nothing gave a int, not a torch.nn.Module, *"),
        (
            "net:layers",
            "no batch is known for net:layers: *example_batch()*--gradhealth-batch=EXPR*",
        ),
        ("net:Deep(2)", "'Deep(2)': only literal keywords may follow a model's name"),
    ],
)
def test_what_cannot_be_built_is_an_error_in_one_sentence(
    pytester: pytest.Pytester, name: str, text: str
) -> None:
    result = pytester.runpytest(f"--gradhealth-model={name}")
    result.assert_outcomes(errors=EACH)
    result.stdout.fnmatch_lines([f"ProbeError: {text}"])
    result.stdout.no_fnmatch_line("*subjects.py*")


def test_an_error_of_the_factory_keeps_its_traceback(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--gradhealth-model=net:broken")
    result.assert_outcomes(errors=EACH)
    result.stdout.fnmatch_lines(["*RuntimeError: out of paper*"])


def test_what_could_not_be_observed_is_skipped(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("-rs", "--gradhealth-model=net:dead")
    assert result.parseoutcomes()["skipped"] >= 1
    result.stdout.fnmatch_lines(["SKIPPED*not observed: *"])


def test_batch_and_loss_from_the_command_line(pytester: pytest.Pytester) -> None:
    batch = "--gradhealth-batch=torch.randn(8, model[0].in_features), torch.arange(8) % 2"
    loss = "--gradhealth-loss=F.cross_entropy"
    pytester.runpytest("--gradhealth-model=net:layers", batch, loss).assert_outcomes(passed=EACH)
    wrong = pytester.runpytest("--gradhealth-model=net:layers", "--gradhealth-batch=x")
    wrong.stdout.fnmatch_lines(["ProbeError: --gradhealth-batch: 'x' raised NameError: *"])


def test_several_models_with_a_batch_each(pytester: pytest.Pytester) -> None:
    models = ["--gradhealth-model=net:layers", "--gradhealth-model=net:Deep(depth=1)"]
    batches = ["--gradhealth-batch=torch.randn(8, 4)", "--gradhealth-batch=torch.randn(8, 16)"]
    pytester.runpytest(*models, *batches).assert_outcomes(passed=2 * EACH)
    wrong = pytester.runpytest(*models, "--gradhealth-model=net:pair", *batches)
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*--gradhealth-batch is given 2 times for 3 models*"])


def test_own_tests_run_where_they_are_named(pytester: pytest.Pytester) -> None:
    model = "--gradhealth-model=net:pair"
    pytester.runpytest(model, "test_own.py").assert_outcomes(passed=EACH + 1)
    pytester.makeini(f"[pytest]\naddopts = {model}")
    pytester.runpytest().assert_outcomes(passed=EACH + 1)


def test_limits_selection_seed_and_off(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        "[tool.gradhealth.limits]\nvanishing_share = 1e-20\ncollapse_spread = 0"
    )
    model = "--gradhealth-model=net:Deep"
    pytester.runpytest(model, "--gradhealth-seed=3").assert_outcomes(passed=EACH)
    chosen = pytester.runpytest(model, "-k", "vanishing or collapse")
    chosen.assert_outcomes(passed=2, deselected=EACH - 2)
    pytester.runpytest(model, "--gradhealth-off").assert_outcomes(skipped=EACH)


def test_under_xdist(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    pytester.makeini("[pytest]\naddopts = --strict-markers")
    result = pytester.runpytest_subprocess(
        "-n2", "--dist=loadgroup", "--gradhealth-model=net:pair", "--gradhealth-model=net:finished"
    )
    result.assert_outcomes(passed=2 * EACH)
