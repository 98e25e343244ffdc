"""Where a finding is, as people and editors read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.formats.printable import printable

if TYPE_CHECKING:
    from gradhealth_lint.violation import Violation


def place(violation: Violation) -> str:
    """Path, in notebooks the cell, line and column with colons between them."""
    return f"{printable(violation.path)}:{within(violation)}"


def within(violation: Violation) -> str:
    """The place within the file."""
    cell = violation.cell
    inside = "" if cell is None else f"cell {cell}:"
    return f"{inside}{violation.line}:{violation.column}"


def prefix(violation: Violation) -> str:
    """For reports that can only point at lines of a file: the place in a notebook, in words."""
    return "" if violation.cell is None else f"{within(violation)}: "
