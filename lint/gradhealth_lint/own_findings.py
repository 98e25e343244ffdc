"""What the engine itself reports: comments that silence nothing, and files that are no source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.selection import UNREADABLE, UNUSED
from gradhealth_lint.violation import Violation

if TYPE_CHECKING:
    from gradhealth_lint.source import UnreadableError
    from gradhealth_lint.suppress import Complaint


def unused(path: str, complaint: Complaint) -> Violation:
    """The finding for a comment that silences nothing, or gives no reason."""
    return Violation(
        path,
        complaint.line,
        complaint.column,
        complaint.line,
        complaint.end_column,
        UNUSED,
        "unused-ignore",
        "advice",
        complaint.message,
        complaint.remedy,
    )


def unreadable(path: str, error: UnreadableError) -> Violation:
    """The finding for a file that is not source."""
    return Violation(
        path,
        error.line,
        error.column,
        error.line,
        error.column,
        UNREADABLE,
        "unreadable-file",
        "error",
        f"the file {error.reason}",
        "correct it or leave it out of the paths: nothing in it was checked",
        cell=error.cell,
    )
