"""Notebooks in every command: search, cache, standard input, baseline, predictions, facts."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gradhealth_lint import cli
from tests.lint.test_notebooks import LOOP, MODEL, SETUP, code, notebook, text

if TYPE_CHECKING:
    from pathlib import Path


def test_discovery_takes_notebooks_and_json_names_the_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = notebook(code(SETUP), code(MODEL), code(LOOP))
    (tmp_path / "nb.ipynb").write_text(content, encoding="utf-8")
    assert cli.main(["check", "--no-cache", "--output-format", "json", "."]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["path"], found["cell"], found["line"]) == ("nb.ipynb", 3, 5)
    assert cli.main(["check", "--no-cache", "."]) == 1
    assert "nb.ipynb:cell 3:5:5: GRD301" in capsys.readouterr().out


@pytest.mark.parametrize("cached", [False, True])
def test_the_cache_keeps_cells(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    cached: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    content = notebook(code(SETUP), code(MODEL), code(LOOP))
    (tmp_path / "nb.ipynb").write_text(content, encoding="utf-8")
    for _ in range(1 + cached):
        capsys.readouterr()
        assert cli.main(["check", "--output-format", "concise", "."]) == 1
    assert capsys.readouterr().out.startswith("nb.ipynb:cell 3:5:5: GRD301")


def test_a_notebook_from_stdin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = notebook(code(SETUP), code(MODEL), code(LOOP))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert cli.main(["check", "--stdin-filename", "x.ipynb", "-"]) == 1
    assert capsys.readouterr().out.startswith("x.ipynb:cell 3:5:5: GRD301")


def test_a_baseline_knows_findings_in_other_cells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "nb.ipynb"
    file.write_text(notebook(code(SETUP), code(MODEL), code(LOOP)))
    assert cli.main(["baseline", "."]) == 0
    file.write_text(notebook(code(SETUP), text("new"), code(MODEL), code("x = 1\n" + LOOP)))
    assert cli.main(["check", "--baseline", ".gradhealth-baseline.json", "."]) == 0
    more = LOOP.replace("opt.step()", "scaler.step(opt)")
    file.write_text(notebook(code(SETUP), code(MODEL), code(LOOP), code(more)))
    assert cli.main(["check", "--baseline", ".gradhealth-baseline.json", "."]) == 1
    assert "cell 4:5:5" in capsys.readouterr().out


def test_predictions_and_facts_name_the_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nb.ipynb").write_text(notebook(text("a"), code("x = 1"), code(SETUP)))
    assert cli.main(["predict", "."]) == 0
    assert capsys.readouterr().out.startswith("nb.ipynb:cell 3:7: Tagger")
    assert cli.main(["predict", "--output-format", "json", "."]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["cell"], found["line"]) == (3, 7)
    (tmp_path / "nb.ipynb").write_text(notebook(code(SETUP), code(MODEL), code(LOOP)))
    assert cli.main(["facts", "."]) == 0
    assert "cell 3:5 step opt" in capsys.readouterr().out


def test_without_notebooks_json_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch\nx = 1\n")
    program = "import sys; from gradhealth_lint.cli import main; main(['--no-cache', '.']); "
    program += "print([one for one in sys.modules if one == 'json' or 'notebooks' in one])"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout == "no findings\n[]\n"
