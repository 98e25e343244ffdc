"""What ends a run before it begins."""

from __future__ import annotations


class UsageError(ValueError):
    """Something asked for that cannot be done; the text says what, and what could be."""
