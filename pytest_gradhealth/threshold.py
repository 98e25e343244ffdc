"""A threshold as a dataclass field that carries its unit, reason and source."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

#: Keys of a limit's description, in ``dataclasses.Field.metadata``.
UNIT: Final = "unit"
REASON: Final = "reason"
SOURCE: Final = "source"


def limit(value: Any, *, unit: str, reason: str, source: str) -> Any:
    """A field with this default and this description."""
    return dataclasses.field(default=value, metadata={UNIT: unit, REASON: reason, SOURCE: source})
