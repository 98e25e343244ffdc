"""Writing a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write(file: Path, data: bytes) -> None:
    """Replace a file's contents in one step; a link's target is replaced, its mode is kept.

    Raises:
        OSError: it cannot be written; what was there is as before.
    """
    target = Path(os.path.realpath(file))
    waiting = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        waiting.write_bytes(data)
        if target.exists():
            waiting.chmod(stat.S_IMODE(target.stat().st_mode))
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)
