"""The source lines that findings are on, read again for those who show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.violation import Violation

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class SourceLines:
    """``read`` gives a file's bytes by its name in findings, or raises OSError.

    Findings come in order of path, so one file, or one cell of it, is held at a time.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._at: tuple[str, int | None] | None = None
        self._lines: Sequence[str] = ()

    def of(self, violation: Violation) -> str:
        """The line a finding starts on, empty where there is none to show."""
        at = (violation.path, violation.cell)
        if at != self._at:
            self._at, self._lines = at, self._of_file(*at)
        inside = violation.line <= len(self._lines)
        return self._lines[violation.line - 1] if inside else ""

    def _of_file(self, path: str, cell: int | None) -> Sequence[str]:
        try:
            data = self._read(path)
            return _LINE_END.split(_decoded(data) if cell is None else _of_cell(data, cell))
        except OSError:
            return ()


def _of_cell(data: bytes, number: int) -> str:
    """The text of a notebook's cell, empty if the file has changed so that there is none."""
    import json

    try:
        source = json.loads(data)["cells"][number - 1]["source"]
    except (ValueError, LookupError, TypeError):
        return ""
    return source if isinstance(source, str) else "".join(map(str, source))


def _decoded(data: bytes) -> str:
    """The text for people, with marks for what cannot be decoded."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        import io
        import tokenize

        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        except SyntaxError:
            encoding = "utf-8"
        return data.decode(encoding, "replace")
