"""The cell of a notebook that a finding is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.violation import Violation


def cell_of(violation: Violation) -> int | None:
    """The number of the cell that line and column are in, None outside notebooks."""
    cell: int | None = getattr(violation, "cell", None)
    return cell
