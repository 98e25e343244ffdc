"""Notebooks: read as one source, reported by cell, fixed in place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gradhealth_lint import cli, engine
from gradhealth_lint.limits import Limits
from gradhealth_lint.notebooks import cells, writing
from gradhealth_lint.rules import ALL_RULES
from gradhealth_lint.source import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

    from gradhealth_lint.violation import Violation

SETUP = """import torch
from torch import nn

class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 8)

    def forward(self, x):
        return self.lstm(x)[0]
"""
MODEL = "model = Tagger()\nopt = torch.optim.SGD(model.parameters(), lr=0.1)"
LOOP = """for x, y in loader:
    opt.zero_grad()
    loss = (model(x) - y).pow(2).mean()
    loss.backward()
    opt.step()"""


def code(source: str, **more: Any) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": lines, **more}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def notebook(*found: dict[str, Any], language: str = "python", **more: Any) -> str:
    metadata = {
        "kernelspec": {"language": language, "name": "k"},
        "language_info": {"name": language},
    }
    whole = {"cells": list(found), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5, **more}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def lint(folder: Path, content: str) -> list[Violation]:
    file = folder / "nb.ipynb"
    file.write_text(content, encoding="utf-8")
    return engine.lint_file(file, "nb.ipynb", ALL_RULES, Limits())


def test_a_finding_is_placed_in_its_cell(tmp_path: Path) -> None:
    (found,) = lint(tmp_path, notebook(text("# Title"), code(SETUP), code(MODEL), code(LOOP)))
    assert (found.code, found.cell, found.line, found.column) == ("GRD301", 4, 5, 5)


def test_findings_come_in_order_of_cells(tmp_path: Path) -> None:
    late = "\n" * 5 + LOOP
    found = lint(tmp_path, notebook(code(SETUP), code(MODEL), code(late), code(LOOP)))
    assert [(one.cell, one.line) for one in sorted(found)] == [(3, 10), (4, 5)]


@pytest.mark.parametrize(
    "magic",
    [
        "%matplotlib inline",
        "!pip install torch",
        "%%time",
        "model?",
        "?torch.nn",
        "files = !ls",
        "a, b = %sql select 1",
        "if x:\n    !ls\nelse:\n    %pwd",
    ],
)
def test_magics_are_tolerated(tmp_path: Path, magic: str) -> None:
    cell = f"{magic}\n{LOOP}"
    (found,) = lint(tmp_path, notebook(code(SETUP), code(MODEL), code(cell)))
    assert (found.cell, found.line) == (3, 5 + magic.count("\n") + 1)


def test_cells_of_other_languages_are_left_out(tmp_path: Path) -> None:
    shell = code("%%bash\nfor x in *; do\n  echo $x\ndone")
    (found,) = lint(tmp_path, notebook(code(SETUP), shell, code(MODEL), code(LOOP)))
    assert found.cell == 4
    assert lint(tmp_path, notebook(code("x <- 1"), language="R")) == []


def test_top_level_await_is_python(tmp_path: Path) -> None:
    cell = code("await asyncio.sleep(1)")
    assert len(lint(tmp_path, notebook(cell, code(SETUP), code(MODEL), code(LOOP)))) == 1


def test_a_comment_in_a_cell_silences(tmp_path: Path) -> None:
    cell = LOOP + "  # gradhealth: ignore[GRD301] short sequences"
    assert lint(tmp_path, notebook(code(SETUP), code(MODEL), code(cell))) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is no notebook: it is not JSON"),
        ("[]", "is a notebook of format none"),
        ('{"nbformat": 3, "worksheets": []}', "is a notebook of format 3"),
        ('{"nbformat": 4, "metadata": {}}', "is no notebook: it has no list of cells"),
        (notebook(code("x = 1"), code("def f(:\n")), "cell 2, line 1"),
    ],
)
def test_what_is_no_notebook_says_so(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason.replace("(", r"\(")):
        lint(tmp_path, content)


def test_an_empty_notebook_is_clean(tmp_path: Path) -> None:
    assert lint(tmp_path, notebook()) == []
    assert lint(tmp_path, notebook(code(""), text("only words"))) == []


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


def test_a_fix_changes_its_cell_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cell = f"%matplotlib inline\n{LOOP}"
    content = notebook(text("# Über"), code(SETUP), code("!ls\n" + MODEL), code(cell), text("end"))
    file = tmp_path / "nb.ipynb"
    file.write_text(content, encoding="utf-8")
    assert cli.main(["check", "--no-cache", "--fix", "--unsafe-fixes", "."]) == 0
    after = file.read_text(encoding="utf-8")
    inserted = '    "    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\\n",\n'
    where = content.index('    "    opt.step()"')
    assert after == content[:where] + inserted + content[where:]


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize("as_string", [False, True])
@pytest.mark.parametrize("end", ["", "\n"])
def test_writing_keeps_the_form_of_the_json(indent: Any, as_string: bool, end: str) -> None:
    source: Any = "a = 1\nb = 'é'" if as_string else ["a = 1\n", "b = 'é'"]
    whole = {
        "cells": [
            {"source": ['# a "quoted" {word]'], "cell_type": "markdown"},
            {"cell_type": "code", "metadata": {"source": [1]}, "source": source},
            code("c = 3\n"),
        ],
        "nbformat": 4,
    }
    before = json.dumps(whole, indent=indent, ensure_ascii=False) + end
    joined, places = cells.joined(before.encode())
    after = joined.replace("b = 'é'", "b = 'é'\nbb = 2")
    written = writing.rewritten(before.encode(), places, joined, after).decode()
    changed: Any = "a = 1\nb = 'é'\nbb = 2" if as_string else ["a = 1\n", "b = 'é'\n", "bb = 2"]
    whole["cells"][1]["source"] = changed  # type: ignore[index]
    assert written == json.dumps(whole, indent=indent, ensure_ascii=False) + end
    assert writing.rewritten(before.encode(), places, joined, joined) == before.encode()
