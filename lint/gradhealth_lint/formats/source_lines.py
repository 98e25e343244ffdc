"""The source lines that findings are on, read again for those who show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradhealth_lint.formats.cells import cell_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.violation import Violation

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class SourceLines:
    """``read`` gives a file's bytes by its name in findings, or raises OSError.

    Findings come in order of path, so one file is held at a time.
    """

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._path: str | None = None
        self._lines: Sequence[str] = ()

    def of(self, violation: Violation) -> str:
        """The line a finding starts on, empty where there is none to show.

        In a notebook, lines are those of a cell and not of the file.
        """
        if cell_of(violation) is not None:
            return ""
        if violation.path != self._path:
            self._path, self._lines = violation.path, self._of_file(violation.path)
        inside = violation.line <= len(self._lines)
        return self._lines[violation.line - 1] if inside else ""

    def _of_file(self, path: str) -> Sequence[str]:
        try:
            return _LINE_END.split(_decoded(self._read(path)))
        except OSError:
            return ()


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
