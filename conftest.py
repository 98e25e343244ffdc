"""The suite's own set-up."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

# The models here are tiny: more threads only wait for each other, by a factor where cores are busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# An in-process pytester run forgets the modules it was the first to import, and torch cannot be
# imported twice. The linter's tests do without torch.
with contextlib.suppress(ImportError):
    import torch  # noqa: F401


def pytest_addoption(parser: pytest.Parser) -> None:
    """One flag re-records every snapshot; the change is then reviewed like any other."""
    parser.addoption("--update-snapshots", action="store_true", help="re-record text snapshots")


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with the file of that name in the test's ``snapshots`` folder."""

    def compare(name: str, text: str) -> None:
        path = Path(request.path).parent / "snapshots" / f"{name}.txt"
        if request.config.getoption("--update-snapshots"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
        assert path.exists(), f"no snapshot {path}; record it with --update-snapshots"
        assert text + "\n" == path.read_text(encoding="utf-8")

    return compare
