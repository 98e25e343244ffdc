"""A file's bytes with another text in them: encoding, byte order mark and line ends stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.source import Source


def rewritten(before: bytes, source: Source, after: str) -> bytes:
    """The bytes of a file that is known as bytes and as source, with another text.

    Raises:
        UnicodeError: its encoding does not have all characters, or does not lead back to it; or
            the cells of a notebook cannot be told apart in the new text.
    """
    if source.cells:
        from gradhealth_lint.notebooks import writing

        return writing.rewritten(before, source.cells, source.text, after)
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(before).readline)
    if source.text.encode(encoding) != before:
        raise UnicodeError(f"its text does not lead back to it in {encoding}")
    return after.encode(encoding)
