"""Writing into notebooks: the source of the cells that change, and not one byte more."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from gradhealth_lint import cli
from gradhealth_lint.notebooks import cells, writing
from tests.lint.test_notebooks import LOOP, MODEL, SETUP, code, notebook, text

if TYPE_CHECKING:
    from pathlib import Path

    from gradhealth_lint.notebooks.cells import Cell


def read(data: bytes) -> tuple[str, tuple[Cell, ...]]:
    return cells.joined(data, lambda *_: False)


def changed(before: str, old: str, new: str) -> str:
    """The notebook after one replacement in its text."""
    data = before.encode()
    joined, places = read(data)
    assert joined.count(old) == 1
    return writing.rewritten(data, places, joined, joined.replace(old, new)).decode()


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
    joined, places = read(before.encode())
    after = joined.replace("b = 'é'", "b = 'é'\nbb = 2")
    written = writing.rewritten(before.encode(), places, joined, after).decode()
    changed: Any = "a = 1\nb = 'é'\nbb = 2" if as_string else ["a = 1\n", "b = 'é'\n", "bb = 2"]
    whole["cells"][1]["source"] = changed  # type: ignore[index]
    assert written == json.dumps(whole, indent=indent, ensure_ascii=False) + end
    assert writing.rewritten(before.encode(), places, joined, joined) == before.encode()


ODD = r"""{"nbformat":4,
  "metadata" : {"source":["a"], "cells":[{"source":"x"}]},
  "cells"  :[ {"source" : "# \"title\" ]}", "cell_type":"markdown"},
 {"cell_type":"code" , "source":[ "a = '\u00e9'\n"
   , "b = '\/'\n", "c = 1\nd = 2\n","e = '\uD834\udd1e'"
   ], "outputs":[{"text":"\"source\": [","source":["no"]}]},
 {"source":"f = '\u00E9\/'\r\ng = 1\r\n", "cell_type":"code"} ], "z":1e5}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("old", "new", "json_old", "json_new"),
    [
        ("b = '/'\n", "", "\"b = '\\/'\\n\", ", ""),
        ("b = '/'\n", "b = 'é'\n", "b = '\\/'", "b = '\\u00e9'"),
        ("a = ", "i\na = ", '"a = ', '"i\\n"\n   , "a = '),
        ("g = 1\r\n", "h\r\ng = 1\r\n", "g = 1\\r\\n", "h\\r\\ng = 1\\r\\n"),
        ("g = 1", "g = '𝄞'", "g = 1", "g = '\\ud834\\udd1e'"),
        ("= '𝄞'\n", "= '𝄞'\nh\n", "udd1e'\"", 'udd1e\'\\n","h"'),
    ],
)
def test_every_other_byte_stays(end: str, old: str, new: str, json_old: str, json_new: str) -> None:
    before = ODD.replace("\n", end)
    json_old, json_new = json_old.replace("\n", end), json_new.replace("\n", end)
    assert before.count(json_old) == 1
    after = changed(before, old, new)
    if json_new.startswith("udd1e"):  # a line that gets an end is written anew
        json_old, json_new = "\\uD8" + "34\\" + json_old, "\\ud834\\" + json_new
    assert after == before.replace(json_old, json_new)


def test_a_new_line_between_cells_goes_into_that_of_its_neighbour() -> None:
    before = notebook(code("a = 1"), code("b = 2\n"), code("b = 3"))
    assert changed(before, "b = 2", "x\nb = 2") == notebook(
        code("a = 1"), code("x\nb = 2\n"), code("b = 3")
    )
    assert changed(before, "a = 1\n", "a = 1\nx\n") == notebook(
        code("a = 1\nx"), code("b = 2\n"), code("b = 3")
    )


def test_what_cannot_be_told_apart_is_not_written() -> None:
    data = notebook(code("a = 1"), code("b = 2")).encode()
    joined, places = read(data)
    for lost in (joined.replace("# gradhealth-cell 2\n", ""), joined + "c = 3\n"):
        with pytest.raises(UnicodeError, match="cannot be told apart"):
            writing.rewritten(data, places, joined, lost)


def test_keys_that_are_there_twice_are_not_written() -> None:
    cell = json.dumps([code("a = 1")])
    data = f'{{"cells": {cell}, "nbformat": 4, "cells": {cell.replace("1", "2")}}}'.encode()
    joined, places = read(data)
    with pytest.raises(UnicodeError, match="does not fit"):
        writing.rewritten(data, places, joined, joined.replace("a =", "b ="))


def test_other_encodings_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = notebook(code(SETUP), code(MODEL), code(LOOP)).encode("utf-16")
    (tmp_path / "nb.ipynb").write_bytes(data)
    assert cli.main(["check", "--no-cache", "--fix", "--unsafe-fixes", "."]) == 2
    assert "nb.ipynb: cannot be fixed: 'utf-8' codec" in capsys.readouterr().err
    assert (tmp_path / "nb.ipynb").read_bytes() == data


def test_a_diff_shows_the_cells_that_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = notebook(code("!ls\n" + SETUP), code(MODEL), code("%pwd\n" + LOOP + "\n%pwd\n"))
    (tmp_path / "nb.ipynb").write_text(content)
    assert cli.main(["check", "--no-cache", "--diff", "--unsafe-fixes", "."]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "--- nb.ipynb:cell 3",
        "+++ nb.ipynb:cell 3",
        "@@ -3,5 +3,6 @@",
        "     opt.zero_grad()",
        "     loss = (model(x) - y).pow(2).mean()",
        "     loss.backward()",
        "+    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
        "     opt.step()",
        " %pwd",
    ]
    assert (tmp_path / "nb.ipynb").read_text() == content


LINES = (
    "a = 1",
    "é = '\\n'",
    "%pwd",
    "!ls \\",
    "  x",
    "",
    "if a:",
    "    b = 2",
    "x?",
    "# é𝄞",
    '"""',
)


@pytest.mark.parametrize("seed", range(150))
def test_random_lines_put_into_random_notebooks(seed: int) -> None:
    draw = random.Random(seed)
    found: list[dict[str, Any]] = []
    for _ in range(draw.randint(1, 6)):
        lines = [draw.choice(LINES) for _ in range(draw.randint(0, 4))]
        source = "\n".join(lines) + draw.choice(["", "\n"])
        cell = draw.choice([code, code, text])(source)
        found.append({**cell, "source": source} if draw.random() < 0.3 else cell)
    style: dict[str, Any] = {
        "indent": draw.choice([None, 1, "\t"]),
        "ensure_ascii": draw.random() < 0.5,
    }
    before = json.dumps({"cells": found, "nbformat": 4}, **style)
    try:
        joined, places = read(before.encode())
    except cells.NotebookError:
        return  # the lines are no Python
    assert writing.rewritten(before.encode(), places, joined, joined) == before.encode()
    for place in places:
        at = joined.split("\n")
        at.insert(draw.randint(place.first_line, place.last_line) - 1, "new = 'é'")
        try:
            compile("\n".join(at), "", "exec", flags=0x400)
            written = writing.rewritten(before.encode(), places, joined, "\n".join(at)).decode()
        except (SyntaxError, UnicodeError):
            continue  # it was put into a string or a block
        after = json.loads(written)
        assert written == json.dumps(after, **{**style, "ensure_ascii": before.isascii()})
        whole = ["".join(cell["source"]) for cell in after["cells"]]
        assert sum("new = 'é'" in source for source in whole) == 1
        for number, cell in enumerate(after["cells"], start=1):
            cell["source"] = "".join(cell["source"]).replace("new = 'é'\n", "")
            if number == place.number:
                cell["source"] = cell["source"].removesuffix("\nnew = 'é'")
        assert whole[place.number - 1].count("new") == 1
        assert [cell["source"] for cell in after["cells"]] == [
            "".join(cell["source"]) for cell in found
        ]
