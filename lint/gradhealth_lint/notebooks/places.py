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


def _moved(place: _Place, cells: Sequence[Cell]) -> _Place:
    cell = next((one for one in cells if place.line <= one.last_line), cells[-1])
    above = cell.first_line - 1
    return replace(
        place, line=place.line - above, end_line=place.end_line - above, cell=cell.number
    )
