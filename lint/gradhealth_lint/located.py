"""A prediction with the place it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.prediction import StackPrediction


@dataclass(frozen=True, slots=True)
class LocatedPrediction:
    """What ``predict`` prints for one stack; the line is that of the cell, if there are any."""

    path: str
    line: int
    owner: str
    prediction: StackPrediction
    cell: int | None = None
