"""--add-ignore: comments where a comment can stand, after which the file lints clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradhealth_lint.cli import main

HEAD = "from torch import nn\nlayer = nn.Linear(8, 8)\n"
CALL = "nn.init.normal_(layer.weight, 1.5, 0.1)"
MARK = "# gradhealth: ignore[GRD201] a study"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CALL, f"{CALL}  {MARK}"),
        (f"{CALL}  # note", f"{CALL}  # note  {MARK}"),
        (f"{CALL}  # noqa: E501", f"{CALL}  # noqa: E501  {MARK}"),
        (f"{CALL}   \nx = 1", f"{CALL}  {MARK}\nx = 1"),
        (
            f"{CALL}  # gradhealth: ignore[GRD301] old",
            f"{CALL}  # gradhealth: ignore[GRD301, GRD201] old",
        ),
        (
            "nn.init.normal_(\n    layer.weight, 1.5, 0.1\n)",
            f"nn.init.normal_(  {MARK}\n    layer.weight, 1.5, 0.1\n)",
        ),
        (f"{CALL}; s = '''\n#\n'''", f"{CALL}; s = '''\n#\n'''  {MARK}"),
        (f"{CALL}; s = \\\n  1", f"{CALL}; s = \\\n  1  {MARK}"),
    ],
)
def test_the_comment_stands_where_it_can(folder: Path, before: str, after: str) -> None:
    file = folder / "a.py"
    file.write_text(f"{HEAD}{before}\n")
    options = ["--ignore", "GRD001", "a.py"]
    assert main(["--add-ignore=a study", *options]) == 0
    assert file.read_text() == f"{HEAD}{after}\n"
    assert main(options) == 0
    assert main(["--add-ignore", *options]) == 0
    assert file.read_text() == f"{HEAD}{after}\n"


def test_a_path_after_the_bare_option_is_a_path(folder: Path) -> None:
    (folder / "a.py").write_text(HEAD + CALL)
    (folder / "b.py").write_text(HEAD + CALL)
    assert main(["--add-ignore", "a.py"]) == 0
    assert (folder / "a.py").read_text().endswith("  # gradhealth: ignore[GRD201]")
    assert (folder / "b.py").read_text() == HEAD + CALL


def test_encoding_line_ends_mark_and_mode_stay(folder: Path) -> None:
    file = folder / "a.py"
    for start, encoding in (("# coding: latin-1\n", "latin-1"), ("\ufeff", "utf-8")):
        text = (start + HEAD + f"s = '\xe9'\n{CALL}\n").replace("\n", "\r\n")
        file.write_bytes(text.encode(encoding))
        file.chmod(0o750)
        assert main(["--add-ignore=a study", "a.py"]) == 0
        assert file.read_bytes() == text.replace(CALL, f"{CALL}  {MARK}").encode(encoding)
        assert file.stat().st_mode & 0o777 == 0o750
    assert list(folder.glob(".a.py*")) == []


def test_what_comments_cannot_silence_stays(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text("def f(:\n")
    assert main(["--add-ignore", "a.py"]) == 1
    assert (folder / "a.py").read_text() == "def f(:\n"
    assert "0 findings in 0 files" in capsys.readouterr().err
