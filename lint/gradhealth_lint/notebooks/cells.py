"""The code cells of a notebook as one text that Python can parse."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from typing import Any, Final

#: ``ast.PyCF_ONLY_AST`` and ``PyCF_ALLOW_TOP_LEVEL_AWAIT``, which notebooks have.
_FLAGS: Final = 0x400 | 0x2000
_FORMAT: Final = 4
#: Cells that IPython runs as Python, with something around it; all other ``%%`` are not Python.
_PYTHON_CELLS: Final = frozenset({"time", "timeit", "capture", "prun", "debug", "memit", "mprun"})
#: ``%magic``, ``!command``, ``name?``, ``?name`` and ``names = %magic``.
_MAGIC: Final = re.compile(r"(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*|[\w\s,()]+=\s*(?:![^=]|%\w).*)")
_HELD: Final = re.compile(r"pass  # gradhealth-magic (\d+)")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class NotebookError(Exception):
    """The file is no notebook that can be read: why, and on which line of it."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class OtherLanguageError(Exception):
    """The notebook's cells are not Python."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number among all cells, from 1, and the line its text starts on.

    ``magics`` are lines of the cell that stand for nothing in the text, by their numbers there.
    """

    number: int
    first_line: int
    last_line: int
    ended: bool
    magics: tuple[tuple[int, str], ...]

    def restored(self, text: str) -> str:
        """The cell as it is in the notebook, of its part of the text."""
        magics = dict(self.magics)
        whole = _HELD.sub(lambda held: magics.get(int(held[1]), held[0]), text)
        return whole if self.ended else whole.removesuffix("\n")


def joined(data: bytes) -> tuple[str, tuple[Cell, ...]]:
    """The text of all code cells, in order, and where each of them is in it.

    Raises:
        OtherLanguageError: the notebook's kernel runs another language.
        NotebookError: it is no notebook of format 4, or a cell cannot be parsed.
    """
    texts: list[str] = []
    cells: list[Cell] = []
    line, held = 1, 0
    for number, cell in enumerate(_cells(data), start=1):
        if cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        written = source if isinstance(source, str) else "".join(map(str, source))
        readable = _readable(written, number, held)
        if readable is None or not written.strip():
            continue
        text, magics = readable
        ended = text.endswith(("\n", "\r"))
        text = text if ended else f"{text}\n"
        count = len(_LINE.findall(text))
        cells.append(Cell(number, line, line + count - 1, ended, magics))
        texts.append(text)
        line, held = line + count, held + len(magics)
    return "".join(texts), tuple(cells)


def _cells(data: bytes) -> list[dict[str, Any]]:
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise NotebookError(f"is no notebook: it is not JSON ({error})", line) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat", _FORMAT) != _FORMAT:
        version = notebook.get("nbformat") if isinstance(notebook, dict) else "none"
        raise NotebookError(f"is a notebook of format {version}, not {_FORMAT}: save it anew")
    metadata = notebook.get("metadata") or {}
    for key in ("kernelspec", "language_info"):
        told = metadata.get(key) or {}
        language = told.get("language" if key == "kernelspec" else "name", "python")
        if isinstance(language, str) and not language.lower().startswith("python"):
            raise OtherLanguageError(language)
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("is no notebook: it has no list of cells")
    return cells


def _readable(text: str, number: int, held: int) -> tuple[str, tuple[tuple[int, str], ...]] | None:
    """A cell without its magics, and those; None if it is another language's."""
    if _fault(text) is None:
        return text, ()
    lines = _LINE.findall(text)
    first = next((line.strip() for line in lines if line.strip()), "")
    if (
        first.startswith("%%")
        and first[2:].split()[:1]
        and first[2:].split()[0] not in _PYTHON_CELLS
    ):
        return None
    magics: list[tuple[int, str]] = []
    for place, line in enumerate(lines):
        body = line.rstrip("\r\n")
        match = _MAGIC.fullmatch(body)
        if match is not None:
            index = held + len(magics)
            magics.append((index, body[len(match[1]) :]))
            lines[place] = f"{match[1]}pass  # gradhealth-magic {index}{line[len(body) :]}"
    without = "".join(lines)
    fault = _fault(without)
    if fault is not None:
        where = f"cell {number}, line {fault.lineno or 1}"
        raise NotebookError(f"cannot be parsed: {fault.msg} ({where})")
    return without, tuple(magics)


def _fault(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<cell>", "exec", flags=_FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error))
    return None
