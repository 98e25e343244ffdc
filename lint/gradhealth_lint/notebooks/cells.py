"""The code cells of a notebook as one text that Python can parse."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gradhealth_lint.notebooks import magics

if TYPE_CHECKING:
    from collections.abc import Callable

#: ``ast.PyCF_ONLY_AST`` and ``PyCF_ALLOW_TOP_LEVEL_AWAIT``, which notebooks have.
_FLAGS: Final = 0x400 | 0x2000
_FORMAT: Final = 4
_PYTHON: Final = ("python", "ipython")
#: Stands behind each cell, so that the cells of a changed text can be told apart.
_MARK: Final = "# gradhealth-cell {}\n"
_MARKED: Final = re.compile(r"^# gradhealth-cell (\d+)\n", re.MULTILINE)
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class NotebookError(Exception):
    """The file is no notebook that can be read: why, and where; in a cell, if that is known."""

    def __init__(self, reason: str, line: int = 1, column: int = 1, cell: int | None = None):
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.cell = cell


class OtherLanguageError(Exception):
    """The notebook's cells are not Python."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number among all cells, from 1, and its lines in the text.

    The last one is the mark behind it. ``held`` are the magics that stand for nothing in the
    text, by their numbers there.
    """

    number: int
    first_line: int
    last_line: int
    ended: bool
    held: tuple[tuple[int, str], ...]

    def restored(self, text: str) -> str:
        """The cell as it is in the notebook, of its part of the text."""
        whole = magics.put_back(text, self.held)
        return whole if self.ended else whole.removesuffix("\n")


def joined(data: bytes, newer: Callable[[Exception, str], bool]) -> tuple[str, tuple[Cell, ...]]:
    """The text of all code cells, in order, and where each of them is in it.

    ``newer`` says whether a text is right all the same that the running Python cannot parse.

    Raises:
        OtherLanguageError: the notebook's kernel runs another language.
        NotebookError: it is no notebook of format 4, or a cell cannot be parsed.
    """
    texts: list[str] = []
    cells: list[Cell] = []
    line, count = 1, 0
    for number, cell in enumerate(_cells(data), start=1):
        written = _source(cell, number)
        if not written.strip() or not magics.is_python(written):
            continue
        text, held = _readable(written, number, count, newer)
        ended = text.endswith(("\n", "\r"))
        text += ("" if ended else "\n") + _MARK.format(number)
        last = line + len(_LINE_END.findall(text)) - 1
        cells.append(Cell(number, line, last, ended, held))
        texts.append(text)
        line, count = last + 1, count + len(held)
    return "".join(texts), tuple(cells)


def parts(cells: tuple[Cell, ...], text: str) -> dict[int, str]:
    """The text of each cell, as it is in the notebook, of the whole text, which may have changed.

    Raises:
        UnicodeError: its cells cannot be told apart any more.
    """
    found = _MARKED.split(text)
    if [str(cell.number) for cell in cells] != found[1::2] or found[-1]:
        raise UnicodeError("its cells cannot be told apart after the fix")
    return {cell.number: cell.restored(part) for cell, part in zip(cells, found[::2], strict=False)}


def _cells(data: bytes) -> list[dict[str, Any]]:
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise NotebookError(f"is no notebook: it is not JSON ({error})", line) from error
    if not isinstance(notebook, dict) or notebook.get("nbformat", _FORMAT) != _FORMAT:
        version = notebook.get("nbformat") if isinstance(notebook, dict) else "none"
        raise NotebookError(f"is a notebook of format {version}, not {_FORMAT}: save it anew")
    for names in (("kernelspec", "language"), ("language_info", "name")):
        _check_language(_inside(notebook, "metadata", *names))
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("is no notebook: it has no list of cells")
    return cells


def _source(cell: dict[str, Any], number: int) -> str:
    """What is written in a code cell; nothing in another one."""
    if cell.get("cell_type") != "code":
        return ""
    try:
        _check_language(_inside(cell, "metadata", "vscode", "languageId"))
    except OtherLanguageError:
        return ""
    source = cell.get("source", "")
    if isinstance(source, str):
        return source
    if not isinstance(source, list) or not all(isinstance(line, str) for line in source):
        raise NotebookError(f"is no notebook: the source of cell {number} is not text")
    return "".join(source)


def _check_language(language: object) -> None:
    if isinstance(language, str) and not language.lower().startswith(_PYTHON):
        raise OtherLanguageError(language)


def _inside(value: Any, *names: str) -> object:
    """What is found under these keys, None if it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _readable(
    text: str, number: int, count: int, newer: Callable[[Exception, str], bool]
) -> tuple[str, tuple[tuple[int, str], ...]]:
    """A cell without its magics, and those, of which there are ``count`` before it."""
    if _fault(text) is None:
        return text, ()
    without, held = magics.held_out(text, count)
    fault = _fault(without)
    if fault is None or newer(fault, without):
        return without, held
    line, column = getattr(fault, "lineno", None), getattr(fault, "offset", None)
    said = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    raise NotebookError(f"cannot be parsed: {said}", max(line or 1, 1), max(column or 1, 1), number)


def _fault(text: str) -> Exception | None:
    """Why Python cannot parse a text; a magic may be all there is to it."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes are none of our business, and -W error must not make them fatal.
            warnings.simplefilter("ignore")
            compile(text, "<cell>", "exec", flags=_FLAGS, dont_inherit=True)
    except (RecursionError, MemoryError):
        return ValueError("too many nested expressions")
    except (SyntaxError, ValueError) as error:
        return error
    return None
