"""Loading the plugin loads nothing heavy; tests/lint/test_light_start.py holds the linter to it."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_after(statement: str, module: str) -> bool:
    """Whether a fresh interpreter has a module loaded after a statement."""
    code = f"import sys\n{statement}\nprint({module!r} in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout.strip() == "True"


@pytest.mark.parametrize("module", ["torch", "numpy", "libcst", "matplotlib", "jinja2"])
def test_the_plugin_loads_nothing_heavy(module: str) -> None:
    assert not loaded_after("import pytest_gradhealth.plugin", module)


def test_the_start_up_test_can_fail() -> None:
    assert loaded_after("from pytest_gradhealth import record", "torch")
    assert loaded_after("import libcst", "libcst")


def test_a_run_without_gradient_tests_leaves_torch_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_of_ours():
            assert "torch" not in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
