"""Where a fact stands in its file."""

from __future__ import annotations

from typing import TypeAlias

#: The number of a construct in its file, to be resolved by ``reader.FileReading.positions``.
Anchor: TypeAlias = int
