"""What a signal looks like on its way, and what can be wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass


class UnknownPieceError(Exception):
    """A piece the theory cannot follow; its text is the reason."""


class WrongSizeError(Exception):
    """Images of this size do not fit the network."""


@dataclass(slots=True)
class Shape:
    """What a signal looks like: units (channels), and sides of the image if it is one."""

    units: int
    sides: tuple[int, ...] | None = None

    @property
    def positions(self) -> int:
        """Of the image, 1 if there is none."""
        return math.prod(self.sides or (1,))
