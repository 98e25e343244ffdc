"""From lines of the joined text to lines of a cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.notebooks.cells import Cell
    from gradhealth_lint.violation import Violation


def in_cell(violation: Violation, cells: Sequence[Cell]) -> Violation:
    """A finding with its cell, and lines that count from the cell's first."""
    cell = next((one for one in cells if violation.line <= one.last_line), cells[-1])
    above = cell.first_line - 1
    fix = violation.fix
    if fix is not None:
        edits = tuple(
            replace(edit, line=edit.line - above, end_line=edit.end_line - above)
            for edit in fix.edits
        )
        fix = replace(fix, edits=edits)
    return replace(
        violation,
        line=violation.line - above,
        end_line=violation.end_line - above,
        cell=cell.number,
        fix=fix,
    )
