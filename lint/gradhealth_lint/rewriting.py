"""A file's bytes with another text in them: encoding, byte order mark and line ends stay."""

from __future__ import annotations

import io
import tokenize


def rewritten(before: bytes, text: str, after: str) -> bytes:
    """The bytes of a file whose bytes and whose text are known, with another text.

    Raises:
        UnicodeError: its encoding does not have all characters, or does not lead back to it.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(before).readline)
    if text.encode(encoding) != before:
        raise UnicodeError(f"its text does not lead back to it in {encoding}")
    return after.encode(encoding)
