"""Where a golden profile lies, and what is said of a file that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gradhealth import ProbeError
from pytest_gradhealth.baseline.files import place, read

TEST = Path("tests/test_net.py")


def test_each_test_and_each_call_has_its_file() -> None:
    folder = Path("tests/gradhealth_baselines/test_net")
    assert place(TEST, "test_it") == folder / "test_it.json"
    assert place(TEST, "test_it", 1) == folder / "test_it-2.json"
    assert place(TEST, "TestNet.test_it[small-3]") == folder / "TestNet.test_it[small-3].json"


@pytest.mark.parametrize("test", ["test_it[a/b]", "test_it[a:b]", "test_it[a b]", "t" * 300])
def test_names_that_do_not_fit_a_file_still_differ(test: str) -> None:
    made = place(TEST, test)
    assert made.parent == place(TEST, "test_it").parent
    assert len(made.name) < 150
    assert made != place(TEST, test.replace("a/b", "a_b").replace("a:b", "a?b") + "t")


def test_an_absent_file_is_none(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json", "pytest") is None


def test_an_unreadable_file_says_which_and_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(ProbeError, match=r"it\.json cannot be read: .* write it anew: run this$"):
        read(path, "run this")
    path.write_text("{}")
    with pytest.raises(ProbeError, match=r"it\.json is no gradient profile"):
        read(path, "run this")
    with pytest.raises(ProbeError, match="cannot be read"):
        read(tmp_path, "run this")
