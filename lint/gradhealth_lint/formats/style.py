"""Colours of a terminal."""

from __future__ import annotations

from typing import Final

_RESET: Final = "\x1b[0m"
_CODES: Final = {
    "bold": "\x1b[1m",
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "advice": "\x1b[1;36m",
    "faint": "\x1b[2m",
}


class Style:
    """Paints texts, or leaves them as they are."""

    def __init__(self, *, colour: bool) -> None:
        self._codes = _CODES if colour else {}

    def __call__(self, name: str, text: str) -> str:
        """The text in a style: ``bold``, ``faint`` or that of a severity."""
        code = self._codes.get(name)
        return text if code is None else f"{code}{text}{_RESET}"
