"""A file to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gradhealth_lint.engine import Settings


@dataclass(frozen=True, slots=True)
class Task:
    """``path`` is the file's name in findings; ``data`` are its bytes where they are at hand."""

    file: Path
    path: str
    settings: Settings
    data: bytes | None = None
