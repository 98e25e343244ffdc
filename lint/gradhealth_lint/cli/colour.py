"""Whether output is coloured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def wanted(given: str, stream: TextIO | None) -> bool:
    """What --color says; for ``auto`` the environment, then whether the stream is a terminal.

    ``stream`` is None for a file. NO_COLOR (https://no-color.org) has the last word.
    """
    if given != "auto":
        return given == "always"
    if stream is None or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
