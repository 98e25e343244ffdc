"""A source line with marks under a part of it."""

from __future__ import annotations

from typing import Final

from gradhealth_lint.formats.printable import shown, width

_TAB: Final = 4
#: Of a wider line that many columns are shown, with that many characters before the marks: fewer
#: than would fill the columns if all were tabs.
_WIDEST: Final = 120
_BEFORE: Final = 24
_CUT: Final = "..."


def excerpt(line: str, start: int, end: int) -> tuple[str, str]:
    """The line as a terminal shows it, and the marks to print under it.

    ``start`` and ``end`` are characters from 1, the end is the first that is not marked. At
    least one column is marked, if need be behind the line's end.
    """
    code = line.rstrip()
    first = max(min(start, len(code) + 1), 1) - 1
    wide = width("".join(_cells(code[: _WIDEST + 1]))) > _WIDEST
    skipped = max(first - _BEFORE, 0) if wide else 0
    cells = _cells(code[skipped : skipped + _WIDEST])
    last = _last(cells)
    cut = _CUT if skipped else ""
    before = cut + "".join(cells[: first - skipped])
    marked = "".join(cells[first - skipped : min(end - 1 - skipped, last)])
    more = _CUT if skipped + last < len(code) else ""
    text = cut + "".join(cells[:last]) + more
    return text, " " * width(before) + "^" * max(width(marked), 1)


def _cells(code: str) -> list[str]:
    """What is shown for each character: tabs as spaces up to the next stop."""
    cells: list[str] = []
    column = 0
    for char in code:
        cell = " " * (_TAB - column % _TAB) if char == "\t" else shown(char)
        column += width(cell)
        cells.append(cell)
    return cells


def _last(cells: list[str]) -> int:
    """The first character that no longer fits."""
    room = _WIDEST
    for index, cell in enumerate(cells):
        room -= width(cell)
        if room < 0:
            return index
    return len(cells)
