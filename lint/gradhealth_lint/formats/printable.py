"""Characters as a terminal shows them: nothing that moves the cursor, and how wide each is."""

from __future__ import annotations

import unicodedata
from typing import Final

#: Accents and the like, which share the column of the character before.
_ON_TOP: Final = frozenset({"Mn", "Me"})
_WIDE: Final = frozenset({"W", "F"})


def printable(text: str) -> str:
    """The text with escapes, as Python writes them, for what is not a visible character."""
    if text.isprintable():
        return text
    return "".join(map(shown, text))


def shown(char: str) -> str:
    """One character, or its escape; spaces of every width are characters."""
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return char.encode("unicode_escape").decode("ascii")


def width(text: str) -> int:
    """How many columns a printable text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if unicodedata.category(char) in _ON_TOP:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1
