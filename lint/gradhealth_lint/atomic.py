"""Writing a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def write(file: Path, data: bytes, *, durable: bool = False) -> None:
    """Replace a file's contents in one step; a link's target is replaced, its mode is kept.

    ``durable`` waits until the disk has it, so that not even a power failure loses both.

    Raises:
        OSError: it cannot be written; what was there is as before.
    """
    target = Path(os.path.realpath(file))
    waiting = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    waiting.unlink(missing_ok=True)
    try:
        with waiting.open("xb") as stream:
            if target.exists():
                # First, so that nobody reads what only some may.
                waiting.chmod(stat.S_IMODE(target.stat().st_mode))
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        waiting.replace(target)
    finally:
        waiting.unlink(missing_ok=True)
