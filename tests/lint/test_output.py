"""Where findings go and how they look there: the source line, colours, files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradhealth_lint.cli import main

BAD = """\
import torch
from torch import nn

layer = nn.Linear(8, 8)
nn.init.normal_(layer.weight, mean=1.5, std=0.1)
"""
COLOUR = "\x1b["


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "a.py").write_text(BAD)
    return tmp_path


def test_text_shows_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.py"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("a.py:5:1: GRD201 warning normal-init-large-mean: ")
    assert lines[1] == "    5 | " + BAD.splitlines()[4]
    assert lines[2] == "      | " + "^" * len(BAD.splitlines()[4])
    assert lines[3].startswith("    centre the weights")
    assert lines[-1] == "1 finding"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\xef\xbb\xbf" + BAD.encode(), "nn.init.normal_(layer.weight, mean=1.5, std=0.1)"),
        (BAD.replace("\n", "\r").encode(), "nn.init.normal_(layer.weight, mean=1.5, std=0.1)"),
        (b"# coding: latin-1\n" + BAD.replace("layer", "l\xe9").encode("latin-1"), "l\xe9.weight"),
        (b"x = '\xff'\n", "x = '\N{REPLACEMENT CHARACTER}'"),
    ],
    ids=["bom", "cr", "latin-1", "not-utf8"],
)
def test_the_line_is_shown_in_every_encoding(
    folder: Path, capsys: pytest.CaptureFixture[str], data: bytes, line: str
) -> None:
    (folder / "a.py").write_bytes(data)
    assert main(["a.py"]) == 1
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("name", ["sarif", "gitlab", "json"])
def test_results_of_the_cache_are_written_alike(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--output-format", name]) == 1
    first = capsys.readouterr().out
    assert main(["--output-format", name]) == 1
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    ("environment", "option", "terminal", "coloured"),
    [
        ({}, None, True, True),
        ({}, None, False, False),
        ({"TERM": "dumb"}, None, True, False),
        ({"NO_COLOR": "1"}, None, True, False),
        ({"NO_COLOR": ""}, None, True, True),
        ({"FORCE_COLOR": "1"}, None, False, True),
        ({"FORCE_COLOR": "0"}, None, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, True, False),
        ({"NO_COLOR": "1"}, "always", False, True),
        ({"FORCE_COLOR": "1"}, "never", True, False),
        ({"FORCE_COLOR": "1"}, "auto", False, True),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    option: str | None,
    terminal: bool,
    coloured: bool,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdout", stream)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    assert main(["a.py", *(["--color", option] if option else [])]) == 1
    assert (COLOUR in stream.getvalue()) is coloured


@pytest.mark.parametrize(("options", "coloured"), [([], False), (["--color", "always"], True)])
def test_a_file_gets_colours_only_if_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], coloured: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["a.py", "--output-file", "found.txt", *options]) == 1
    assert (COLOUR in (folder / "found.txt").read_text()) is coloured


def test_an_output_file_gets_what_the_terminal_would(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["a.py", "--output-format", "sarif"]) == 1
    shown = capsys.readouterr().out
    for _ in range(2):  # the second time it is replaced
        assert main(["a.py", "--output-format", "sarif", "-o", "found.sarif"]) == 1
        assert capsys.readouterr() == ("", "")
        assert (folder / "found.sarif").read_text(encoding="utf-8") == shown
    assert sorted(path.name for path in folder.glob("*found*")) == ["found.sarif"]


@pytest.mark.parametrize(("name", "reason"), [("no/f", "No such file"), ("sub", "s a directory")])
def test_an_output_file_that_cannot_be_written_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    (folder / "sub").mkdir()
    assert main(["a.py", "--output-file", name]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"gradhealth-lint: --output-file {name}: cannot be written: ")
    assert reason in output.err
    assert output.err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_a_device_is_written_to_and_not_replaced(folder: Path) -> None:
    command = [sys.executable, "-m", "gradhealth_lint", "a.py", "--output-file", "/dev/stdout"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert run.returncode == 1
    assert run.stdout.endswith("1 finding\n")
    assert run.stderr == ""


def test_names_that_are_not_unicode_can_be_written(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    try:
        (folder / name).write_text(BAD)
    except OSError:
        pytest.skip("the file system knows no such names")
    (folder / "a.py").unlink()
    assert main([".", "--output-format", "json", "--output-file", "found.json"]) == 1
    assert json.loads((folder / "found.json").read_text())[0]["path"] == name
