"""What a rule reports and the examples that define it: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import dedent
from typing import Literal

#: error: training is broken; warning: gradients are at risk; advice: a better way exists.
Severity = Literal["error", "warning", "advice"]
#: safe: what the code computes stays the same or gets right without doubt; unsafe: look at it.
Applicability = Literal["safe", "unsafe"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of the file, from 1 as in ``Violation``, and what to write in its place.

    In a notebook each edit has a cell of its own: an import may go into an earlier one.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that do not overlap, in order of place; all are made or none."""

    applicability: Applicability
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One finding at one place; the field names are those of the JSON output (a contract).

    ``line`` and ``end_line`` count from 1. ``column`` and ``end_column`` count characters (not
    bytes) from 1, as editors do; ``end_column`` is the first column after the construct.
    ``path`` is relative to the working directory, with forward slashes. ``message`` is the fact
    with its number, ``remedy`` what to write instead; ``fix`` writes it, if there is one way to.
    In a notebook ``cell`` is the number of the cell, from 1, that lines and columns are in.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    name: str
    severity: Severity
    message: str
    remedy: str
    fix: Fix | None = field(default=None, compare=False)
    cell: int | None = None

    def __lt__(self, other: Violation) -> bool:
        """In order of place."""
        return self._place() < other._place()

    def _place(self) -> tuple[str | int, ...]:
        return (
            self.path, self.cell or 0, self.line, self.column, self.end_line, self.end_column,
            self.code, self.message, self.remedy,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of source that defines a rule from one side.

    A bad example is reported exactly once, on the first line that carries the mark
    ``# <- here``; a good example carries no mark and is not reported at all. ``expected`` is what
    the fix of a bad one makes of it, None if it has none.
    """

    name: str
    source: str
    expected: str | None = None

    @property
    def text(self) -> str:
        """The source as a file: without the indentation it has where it is written."""
        return dedent(self.source).lstrip("\n")

    @property
    def fixed(self) -> str | None:
        """The same of what the fix makes of it."""
        return None if self.expected is None else dedent(self.expected).lstrip("\n")

    @property
    def marked_line(self) -> int | None:
        """The line, from 1, that the finding must start on; None for a good example."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if line.rstrip().endswith(MARK):
                return number
        return None


#: Ends the line of a bad example that the finding must start on.
MARK = "# <- here"
