"""The score of the recall set, on sets of its own; of the set itself, that its labels fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lint.recall import score
from tests.lint.recall.score import Fault, Finding

CLIP = Fault("loop.py", (12, 14), ("GRD302", "GRD304"))
SOFTMAX = Fault("net.py", (5,), ("GRD401",))
LIST = Fault("heads.py", (9,), ("GRD501",))


def faulty(file: str, line: int, code: str) -> Finding:
    return Finding("faults", file, line, code)


def fine(file: str, line: int, code: str) -> Finding:
    return Finding("lookalikes", file, line, code)


@pytest.mark.parametrize(("line", "code"), [(12, "GRD302"), (12, "GRD304"), (14, "GRD302")])
def test_any_of_its_codes_and_lines_finds_a_fault(line: int, code: str) -> None:
    judged = score.judge([CLIP], [faulty("loop.py", line, code)])
    assert judged.found == [CLIP]
    assert not judged.unlabelled


def test_the_right_code_on_another_line_is_found_elsewhere() -> None:
    judged = score.judge([CLIP], [faulty("loop.py", 13, "GRD302")])
    assert (judged.found, judged.elsewhere, judged.missed) == ([], [CLIP], [])


@pytest.mark.parametrize(
    "finding",
    [
        faulty("loop.py", 12, "GRD301"),
        faulty("net.py", 12, "GRD302"),
        fine("loop.py", 12, "GRD302"),
    ],
)
def test_another_code_file_or_folder_finds_nothing(finding: Finding) -> None:
    assert score.judge([CLIP], [finding]).missed == [CLIP]


def test_findings_without_a_label_are_counted_apart() -> None:
    extra, alarm = faulty("net.py", 3, "GRD106"), fine("loop.py", 7, "GRD306")
    judged = score.judge([SOFTMAX], [extra, alarm, faulty("net.py", 5, "GRD401")])
    assert judged.found == [SOFTMAX]
    assert judged.unlabelled == [extra]
    assert judged.false_alarms == [alarm]


def test_the_table_counts_by_family() -> None:
    judged = score.judge(
        [CLIP, SOFTMAX, LIST],
        [
            faulty("loop.py", 14, "GRD302"),
            faulty("net.py", 8, "GRD401"),
            fine("a.py", 1, "GRD101"),
            fine("a.py", 2, "GRD101"),
        ],
    )
    rows = {row[:3]: row.split()[-5:] for row in score.table(judged)[1:-2]}
    assert rows == {
        "1xx": ["0", "0", "0", "0", "2"],
        "3xx": ["1", "1", "0", "0", "0"],
        "4xx": ["1", "0", "1", "0", "0"],
        "5xx": ["1", "0", "0", "1", "0"],
        "all": ["3", "1", "1", "1", "2"],
    }
    assert score.table(judged)[-2:] == [
        "look-alikes with a false alarm: 1",
        "findings in fault files that no label explains: 0",
    ]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A set whose only findings are of files that are no Python: no rule is needed for those."""
    for kind, names in (("faults", ("broken", "sound")), ("lookalikes", ("torn", "whole"))):
        (tmp_path / kind).mkdir()
        for name, text in zip(names, ("def f(:\n", "x = 1\n"), strict=True):
            (tmp_path / kind / f"{name}.py").write_text(text)
    labels = {
        "broken.py": [{"line": 1, "codes": ["GRD002"], "why": "no Python"}],
        "sound.py": [{"line": 1, "also": [2], "codes": ["GRD302"], "why": "not there"}],
    }
    (tmp_path / "expected.json").write_text(json.dumps(labels))
    return tmp_path


def test_the_command_prints_totals_only(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score.main(["--root", str(tiny)]) == 0
    out = capsys.readouterr().out
    assert [row.split()[-5:] for row in out.splitlines() if row.startswith("all")] == [
        ["2", "1", "0", "1", "1"]
    ]
    assert ".py" not in out


def test_names_tells_the_files(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert score.main(["--root", str(tiny), "--names"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "missed  sound.py:1  GRD302",
        "false alarm  torn.py:1  GRD002",
    ]


def test_a_linter_that_cannot_run_is_told(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny / "lookalikes").rename(tiny / "gone")
    assert score.main(["--root", str(tiny)]) == 2
    assert "lookalikes" in capsys.readouterr().err


@pytest.mark.parametrize("drawing", score.DRAWINGS)
def test_every_label_is_of_a_line_of_its_file(drawing: str) -> None:
    root = score.HERE / drawing
    labels = json.loads((root / "expected.json").read_text(encoding="utf-8"))
    files = {path.name: path for path in (root / "faults").glob("*.py")}
    assert set(labels) == set(files)
    for fault in score.read_faults(root):
        text = files[fault.file].read_text(encoding="utf-8").splitlines()
        assert all(text[line - 1].strip() for line in fault.lines), fault
        assert all(code.startswith("GRD") and len(code) == 6 for code in fault.codes), fault


@pytest.mark.parametrize("kind", ["faults", "lookalikes"])
@pytest.mark.parametrize(("drawing", "count"), [("first", 90)])
def test_a_drawing_has_as_many_files_of_each_kind(drawing: str, count: int, kind: str) -> None:
    paths = list((score.HERE / drawing / kind).glob("*.py"))
    assert len(paths) == count
    for path in paths:
        compile(path.read_text(encoding="utf-8"), path.name, "exec")
