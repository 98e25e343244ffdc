"""--diff, and fixes of what is read from stdin: what is printed."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradhealth_lint.cli import main
from tests.lint.editing import BAD, FIXED

FIX = ("--fix", "--unsafe-fixes")
DIFF = ("--diff", "--unsafe-fixes")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_diff_writes_nothing_and_says_what_would_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.py").write_text(BAD)
    assert main([*DIFF, "."]) == 1
    output = capsys.readouterr()
    removed, added = BAD.splitlines()[3], FIXED.splitlines()[3]
    assert output.out.splitlines()[:2] == ["--- a.py", "+++ a.py"]
    assert output.out.splitlines()[-2:] == [f"-{removed}", f"+{added}"]
    assert output.err == "gradhealth-lint: 1 finding would be fixed in 1 file\n"
    assert (folder / "a.py").read_text() == BAD
    assert main([*DIFF, "--exit-zero", "."]) == 0
    capsys.readouterr()
    assert main(["--diff", "."]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "gradhealth-lint: 1 more can be fixed with --unsafe-fixes\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("text", [BAD, BAD.rstrip(), BAD.replace("\n", "\r\n")])
def test_a_diff_can_be_applied(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "a.py").write_bytes(text.encode())
    assert main([*DIFF, "a.py"]) == 1
    patch = capsys.readouterr().out.encode()
    subprocess.run(["git", "apply", "-p0", "-"], input=patch, check=True, cwd=folder)
    applied = (folder / "a.py").read_bytes()
    (folder / "a.py").write_bytes(text.encode())
    assert main([*FIX, "a.py"]) == 0
    assert (folder / "a.py").read_bytes() == applied


def test_fixes_of_stdin_go_to_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, expected in ((BAD, FIXED), ("x = 1\r\n", "x = 1\r\n"), ("x = (\n", "x = (\n")):
        stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
        monkeypatch.setattr(sys, "stdin", stdin)
        main([*FIX, "--stdin-filename", "a.py", "-"])
        output = capsys.readouterr()
        assert output.out == expected
        assert ("a.py:1:5: GRD002" in output.err) is (text == "x = (\n")
