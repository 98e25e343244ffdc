"""From lines of the joined text to lines of a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.notebooks.cells import Cell
    from gradhealth_lint.violation import Edit, Violation

    _Place = TypeVar("_Place", Edit, Violation)


def in_cell(violation: Violation, cells: Sequence[Cell]) -> Violation:
    """A finding with its cell, and lines that count from the cell's first."""
    fix = violation.fix
    if fix is not None:
        fix = replace(fix, edits=tuple(_moved(edit, cells) for edit in fix.edits))
    return replace(_moved(violation, cells), fix=fix)


def place(line: int, cells: Sequence[Cell]) -> tuple[int, int]:
    """The line in its cell, and the number of that."""
    cell = next((one for one in cells if line <= one.last_line), cells[-1])
    return line - cell.first_line + 1, cell.number


def _moved(found: _Place, cells: Sequence[Cell]) -> _Place:
    line, cell = place(found.line, cells)
    end_line = found.end_line - found.line + line
    return replace(found, line=line, end_line=end_line, cell=cell)
