"""Notebooks: read as one source, reported by cell, fixed in place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gradhealth_lint import cli, engine
from gradhealth_lint.limits import Limits
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
        "!pip install \\\n    torch",
        "%pwd\nx = (7\n    % 3)",
        '%pwd\ns = """\n!no\n"""',
        "%pwd\nif x:\n    y = 1\n# why?\n    z = 2",
        "model.parameters??",
        "a.b = !ls\nc['d'] = %pwd",
        "%%capture out\n\nx = 1",
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


def test_a_cell_may_have_a_language_of_its_own(tmp_path: Path) -> None:
    query = code("SELECT 1", metadata={"vscode": {"languageId": "sql"}})
    assert len(lint(tmp_path, notebook(code(SETUP), query, code(MODEL), code(LOOP)))) == 1


@pytest.mark.parametrize("metadata", [[1], {"kernelspec": "python3", "language_info": None}, None])
def test_odd_metadata_says_nothing_of_a_language(tmp_path: Path, metadata: Any) -> None:
    cells = [code(SETUP), code(MODEL), code(LOOP)]
    assert len(lint(tmp_path, json.dumps({"metadata": metadata, "cells": cells}))) == 1


def test_pictures_do_not_make_a_notebook_too_large(tmp_path: Path) -> None:
    picture = [{"data": {"image/png": "A" * 3_000_000}}]
    cells = [code(SETUP), code(MODEL), code(LOOP, outputs=picture)]
    assert len(lint(tmp_path, notebook(*cells))) == 1
    with pytest.raises(UnreadableError, match=r"is too large: 3\.0 MB"):
        lint(tmp_path, notebook(*cells, code("#" * 3_000_000)))


@pytest.mark.parametrize(
    "cell", ["def f(:\n", "x = " + "[" * 300 + "]" * 300, "x = '\\ud800'", "\0"]
)
def test_a_cell_that_cannot_be_parsed_is_one_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    monkeypatch.chdir(tmp_path)
    broken = notebook(text("a"), code("x = 1"), code("\n" + cell)).replace("\\\\ud", "\\ud")
    (tmp_path / "nb.ipynb").write_text(broken)
    assert cli.main(["check", "--no-cache", "--output-format", "concise", "."]) == 1
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line.startswith("nb.ipynb:cell 3:")
    assert "GRD002 the file cannot be parsed" in line


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
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": null}]}',
            "is no notebook: the source of cell 1 is not text",
        ),
        ('{"nbformat": 4, "cells": [1]}', "is no notebook: it has no list of cells"),
        ("", "is no notebook: it is not JSON"),
        ("[" * 100_000, "is no notebook: it is not JSON"),
    ],
)
def test_what_is_no_notebook_says_so(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason.replace("(", r"\(")):
        lint(tmp_path, content)


def test_an_empty_notebook_is_clean(tmp_path: Path) -> None:
    assert lint(tmp_path, notebook()) == []
    assert lint(tmp_path, notebook(code(""), text("only words"))) == []
