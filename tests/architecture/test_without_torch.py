"""Where torch is not installed, an assertion says so in one sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; import pytest_gradhealth as g; "


@pytest.mark.parametrize(
    "call", ["g.diagnose(None, None)", "g.assert_healthy(None, None)", "g.record"]
)
def test_one_clear_sentence(call: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH + call], capture_output=True, text=True, check=False
    )
    last = run.stderr.strip().splitlines()[-1]
    assert last == (
        "pytest_gradhealth.errors.ProbeError: measuring gradients needs torch, "
        "which is not installed here: pip install torch"
    )


def test_limits_and_facts_need_no_torch() -> None:
    code = WITHOUT_TORCH + "print(g.Limits().vanishing_share, g.Diagnosis.__name__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0.0001", "Diagnosis"]
