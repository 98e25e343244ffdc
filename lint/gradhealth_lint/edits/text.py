"""A text by offsets, and by lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from gradhealth_lint.violation import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What ends a line for Python; ``str.splitlines`` knows more.
LINE_END: Final = re.compile(r"\r\n|\r|\n")


class WithheldError(Exception):
    """There is no way to make this fix that is surely right."""


class Splice(NamedTuple):
    """What to write in place of the text from one offset to another."""

    start: int
    end: int
    replacement: str

    def meets(self, other: Splice) -> bool:
        """Whether both cannot be made in any order: they overlap, or an insertion touches."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end


class Text:
    """A file's text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in LINE_END.finditer(text))]

    def offset(self, line: int, column: int) -> int:
        """Where a line and a column are, both from 1."""
        return self._starts[line - 1] + column - 1

    def offset_of_bytes(self, line: int, count: int) -> int:
        """The same of a number of bytes in UTF-8 from the start of a line, as ``ast`` has it."""
        start, end = self._starts[line - 1], self.line_end(line)
        inside = self.text[start:end]
        if inside.isascii():
            return start + count
        return start + len(
            inside.encode("utf-8", "surrogatepass")[:count].decode("utf-8", "replace")
        )

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        """Where the line of an offset starts."""
        return self._starts[self.place(offset)[0] - 1]

    def line_end(self, line: int) -> int:
        """Where a line ends, after what ends it."""
        return self._starts[line] if line < len(self._starts) else len(self.text)

    def newline(self, offset: int) -> str:
        """What ends the line of an offset; of the last line, the one before it."""
        line = self.place(offset)[0]
        for number in (line, line - 1):
            if 1 <= number < len(self._starts):
                found = LINE_END.search(self.text, self._starts[number - 1])
                if found is not None:
                    return found[0]
        return "\n"

    def splice(self, edit: Edit) -> Splice:
        """An edit by offsets."""
        start = self.offset(edit.line, edit.column)
        return Splice(start, self.offset(edit.end_line, edit.end_column), edit.replacement)

    def edit(self, splice: Splice) -> Edit:
        """A splice by lines and columns."""
        return Edit(*self.place(splice.start), *self.place(splice.end), splice.replacement)

    def spliced(self, splices: Iterable[Splice]) -> str:
        """The text after these, which do not overlap; insertions at one place stay in order."""
        parts, end = [], 0
        for splice in in_order(splices):
            parts += [self.text[end : splice.start], splice.replacement]
            end = splice.end
        return "".join([*parts, self.text[end:]])


def in_order(splices: Iterable[Splice]) -> list[Splice]:
    """Splices by place; those at one place in the order in which they come."""
    return sorted(splices, key=lambda one: (one.start, one.end))


def overlap(splices: Sequence[Splice]) -> bool:
    """Whether splices in order of place overlap; insertions may share a place."""
    return any(first.end > second.start for first, second in pairwise(splices))
