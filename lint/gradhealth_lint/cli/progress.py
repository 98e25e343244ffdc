"""How far a long run is, on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds before anything is shown, and between two changes of it.
_PATIENCE: Final = 2.0
_INTERVAL: Final = 0.1


class Progress:
    """One line on stderr, overwritten and in the end removed; nothing where nobody watches."""

    def __init__(self, files: int, *, quiet: bool) -> None:
        self._files = files
        self._next = time.monotonic() + _PATIENCE
        self._silent = quiet or not sys.stderr.isatty()
        self._shown = 0

    def __enter__(self) -> Progress:
        return self

    def show(self, done: int) -> None:
        """Say how many files are done, if it is time to."""
        if self._silent or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        self._write(f"{done} of {self._files} files")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._shown:
            self._write("")
            sys.stderr.write("\r")

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(self._shown)}")
        sys.stderr.flush()
        self._shown = max(self._shown, len(text))
