"""Accepted findings: hidden, known again where they moved, fewer by themselves and never more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradhealth_lint.cli import main

HEAD = "from torch import nn\nlayer = nn.Linear(8, 8)\n"
CALL = "nn.init.normal_(layer.weight, 1.5, 0.1)\n"
OTHER = "other = nn.Linear(8, 8)\nnn.init.normal_(other.weight, 2.5, 0.1)\n"
FILE = ".gradhealth-baseline.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text(HEAD + CALL)
    (tmp_path / "src" / "b.py").write_text(HEAD + CALL)
    return tmp_path


def accepted(folder: Path) -> dict[str, list[tuple[str, int]]]:
    data = json.loads((folder / FILE).read_text())
    assert data["version"] == 1
    return {
        path: [(row["line"], row["count"]) for row in rows]
        for path, rows in data["findings"].items()
    }


def test_todays_findings_are_hidden_and_new_ones_are_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "src"]) == 0
    assert "2 findings in 2 files accepted" in capsys.readouterr().err
    assert accepted(folder) == {
        "src/a.py": [(CALL.strip(), 1)],
        "src/b.py": [(CALL.strip(), 1)],
    }
    assert main(["src", "--baseline", FILE]) == 0
    output = capsys.readouterr()
    assert output.out == "no findings\n"
    assert output.err == f"gradhealth-lint: 2 findings hidden by {FILE}\n"
    (folder / "src" / "a.py").write_text(HEAD + CALL + OTHER)
    before = (folder / FILE).read_bytes()
    assert main(["src", "--baseline", FILE, "--output-format", "json", "-q"]) == 1
    output = capsys.readouterr()
    assert [(f["path"], f["line"]) for f in json.loads(output.out)] == [("src/a.py", 5)]
    assert output.err == ""
    assert (folder / FILE).read_bytes() == before


def test_it_never_grows_and_a_second_equal_line_is_new(folder: Path) -> None:
    assert main(["baseline", "src", "-q"]) == 0
    (folder / "src" / "a.py").write_text(HEAD + CALL + "layer = nn.Linear(8, 8)\n" + CALL)
    assert main(["src", "--baseline", FILE, "-q"]) == 1
    assert accepted(folder)["src/a.py"] == [(CALL.strip(), 1)]


def test_lines_that_move_or_are_laid_out_anew_stay_hidden(folder: Path) -> None:
    assert main(["baseline", "src", "-q"]) == 0
    moved = "import os\n\n\n" + HEAD + "if True:\n    " + CALL.replace(" 1.5", "   1.5")
    (folder / "src" / "a.py").write_text(moved)
    assert main(["src", "--baseline", FILE, "-q"]) == 0


def test_it_shrinks_by_itself(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "src", "-q"]) == 0
    (folder / "src" / "a.py").write_text(HEAD)
    (folder / "src" / "b.py").unlink()
    assert main(["src/a.py", "--baseline", FILE]) == 0
    assert "1 entry removed from" in capsys.readouterr().err
    assert accepted(folder) == {"src/b.py": [(CALL.strip(), 1)]}
    assert main([".", "--baseline", FILE]) == 0
    assert accepted(folder) == {}
    (folder / "src" / "a.py").write_text(HEAD + CALL)
    assert main(["src", "--baseline", FILE]) == 1


@pytest.mark.parametrize("how", ["option", "ci"])
def test_it_does_not_where_it_may_not(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    assert main(["baseline", "src", "-q"]) == 0
    (folder / "src" / "a.py").write_text(HEAD)
    before = (folder / FILE).read_bytes()
    options = ["--no-update-baseline"] if how == "option" else []
    if how == "ci":
        monkeypatch.setenv("CI", "true")
    assert main(["src", "--baseline", FILE, *options]) == 0
    assert "1 entry of .gradhealth-baseline.json no longer needed" in capsys.readouterr().err
    assert (folder / FILE).read_bytes() == before
    assert main(["src", "--baseline", FILE, "--update-baseline"]) == 0
    assert (folder / FILE).read_bytes() != before


@pytest.mark.parametrize(
    "options", [["--select", "GRD301"], ["--ignore", "GRD2"], ["--exclude", "a.py"]]
)
def test_what_was_not_looked_for_stays(folder: Path, options: list[str]) -> None:
    assert main(["baseline", "src", "-q"]) == 0
    before = (folder / FILE).read_bytes()
    assert main(["src", "--baseline", FILE, *options]) == 0
    with (folder / "src" / "a.py").open("a") as file:
        file.write("def broken(:\n")
    assert main(["src/a.py", "--baseline", FILE]) == 1
    assert (folder / FILE).read_bytes() == before


def test_it_is_found_from_everywhere_by_the_configuration(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text('[tool.gradhealth.lint]\nbaseline = "known.json"\n')
    assert main(["src"]) == 2
    monkeypatch.chdir(folder / "src")
    assert main(["baseline", "."]) == 0
    assert main(["."]) == 0
    assert main([".", "--no-baseline"]) == 1
    monkeypatch.chdir(folder.parent)
    assert main([str(folder / "src")]) == 0


def test_accepting_again_keeps_what_was_not_checked(folder: Path) -> None:
    assert main(["baseline", "src"]) == 0
    (folder / "src" / "a.py").write_text(HEAD + CALL + OTHER)
    assert main(["baseline", "src/a.py"]) == 0
    assert sorted(accepted(folder)) == ["src/a.py", "src/b.py"]
    assert main(["src", "--baseline", FILE]) == 0


def test_python_2_can_be_accepted(folder: Path) -> None:
    (folder / "src" / "old.py").write_text('print "Python 2"\n')
    assert main(["baseline", "src"]) == 0
    assert main(["src", "--baseline", FILE]) == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no such baseline"),
        ("{", "is not a baseline"),
        ("[]", "is not a baseline"),
        ('{"version": 1, "findings": [1]}', "is not a baseline"),
        ('{"version": 1, "findings": {"a.py": [{"code": 1}]}}', "is not a baseline"),
        ('{"version": 2, "findings": {}}', "is of version 2"),
    ],
)
def test_a_file_that_cannot_be_used_exits_2(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, words: str
) -> None:
    if text is not None:
        (folder / FILE).write_text(text)
    assert main(["src", "--baseline", FILE]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert words in output.err
    assert FILE in output.err
