"""What commands say beside their results, and their exit codes."""

from __future__ import annotations

import sys
from typing import Final

CLEAN: Final = 0
FINDINGS: Final = 1
COULD_NOT_RUN: Final = 2


def complain(sentence: str) -> int:
    """Say why something could not be done; the exit code for that."""
    note(sentence)
    return COULD_NOT_RUN


def note(sentence: str) -> None:
    """Say something that is not a result."""
    sys.stderr.write(f"gradhealth-lint: {sentence}\n")
