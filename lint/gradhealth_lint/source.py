"""A file as text, checked by CPython's own parser before libcst may see it.

The text of a notebook is that of its code cells.

CPython's parser is twelve times cheaper than libcst's and refuses what would overflow the stack of
libcst's native parser (deeply nested expressions end the process there), so it goes first. It
also lets a file that no rule needs be checked for being readable at all.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    from gradhealth_lint.notebooks.cells import Cell

#: ``ast.PyCF_ONLY_AST``: spelled out, for ``import ast`` costs 10 ms at every start.
_ONLY_AST: Final = 0x400
#: What a notebook's name ends in.
NOTEBOOK: Final = ".ipynb"
_BOM: Final = b"\xef\xbb\xbf"
#: How CPython says that nesting, not grammar, is the trouble; libcst must not try these.
_TOO_DEEP: Final = "too many nested"


@dataclass(frozen=True, slots=True)
class Source:
    """A readable file. ``text`` has no byte order mark and keeps its own line ends."""

    path: str
    text: str
    #: What the screen searches: the file's bytes, or its UTF-8 form if it is in another encoding.
    data: bytes
    #: Where each cell of a notebook is in the text.
    cells: tuple[Cell, ...] = ()
    #: CPython's parse, None if the running Python's grammar is older.
    parsed: ast.Module | None = field(default=None, compare=False, repr=False)

    def place(self, line: int) -> tuple[int, int | None]:
        """A line of the text as the user sees it: the line in its cell, and the cell's number."""
        if not self.cells:
            return line, None
        from gradhealth_lint.notebooks import places

        return places.place(line, self.cells)


class UnreadableError(Exception):
    """The file is not Python source that can be read: why, and where, from 1 (in a cell)."""

    def __init__(
        self, reason: str, line: int = 1, column: int = 1, cell: int | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.cell = cell

    @property
    def place(self) -> str:
        """The line, in a notebook the cell and the line in it."""
        return f"{self.line}" if self.cell is None else f"cell {self.cell}:{self.line}"


def read(file: Path, path: str) -> Source:
    """Read and check one file; ``path`` is how findings name it.

    Raises:
        UnreadableError: it cannot be opened, decoded (PEP 263) or parsed.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be opened: {error.strerror or error}") from error
    return from_bytes(data, path)


def from_bytes(data: bytes, path: str) -> Source:
    """The same for bytes already at hand."""
    if path.endswith(NOTEBOOK):
        return _notebook(data, path)
    if (position := data.find(b"\0")) >= 0:
        raise UnreadableError("contains NUL bytes", data.count(b"\n", 0, position) + 1)
    encoding = _encoding(data)
    try:
        text = data.removeprefix(_BOM).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"is not valid {encoding}: {error.reason}", line) from error
    if encoding != "utf-8":
        data = text.encode("utf-8", "surrogatepass")
    return Source(path, text, data, parsed=_parsed(text))


def _notebook(data: bytes, path: str) -> Source:
    from gradhealth_lint.notebooks import cells

    try:
        text, places = cells.joined(data, _is_newer)
    except cells.OtherLanguageError:
        return Source(path, "", b"")
    except cells.NotebookError as error:
        raise UnreadableError(error.reason, error.line, error.column, error.cell) from error
    return Source(path, text, text.encode("utf-8", "surrogatepass"), places)


def with_text(source: Source, text: str) -> Source:
    """The file with another text.

    Raises:
        UnreadableError: it cannot be parsed.
    """
    data = text.encode("utf-8", "surrogatepass")
    return replace(source, text=text, data=data, parsed=_parsed(text))


def _encoding(data: bytes) -> str:
    """The declared encoding (PEP 263), UTF-8 if there is none."""
    first_lines = data.split(b"\n", 2)[:2]
    if not any(b"coding" in line for line in first_lines):
        return "utf-8"
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UnreadableError(f"has an unusable encoding: {error}") from error
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            # Invalid escapes are none of our business, and -W error must not make them fatal.
            warnings.simplefilter("ignore")
            parsed = compile(text, "<source>", "exec", flags=_ONLY_AST, dont_inherit=True)
    except (RecursionError, MemoryError) as error:
        raise UnreadableError("is nested too deeply to be parsed") from error
    except (SyntaxError, ValueError) as error:
        if not _is_newer(error, text):
            raise _unreadable(error) from error
        return None
    return cast("ast.Module", parsed)


def _unreadable(error: SyntaxError | ValueError) -> UnreadableError:
    if not isinstance(error, SyntaxError):
        return UnreadableError(f"cannot be parsed: {error}")
    return UnreadableError(
        f"cannot be parsed: {error.msg}", max(error.lineno or 1, 1), max(error.offset or 1, 1)
    )


def _is_newer(error: Exception, text: str) -> bool:
    """Whether libcst, which knows newer grammars than the running Python, can parse it."""
    if _TOO_DEEP in str(error):
        return False
    import libcst

    try:
        libcst.parse_module(text)
    except Exception:  # whatever libcst raises, the file stays unreadable
        return False
    return True
