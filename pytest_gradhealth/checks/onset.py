"""Where along a way a quantity starts to fall: one layer's doing, or a stretch of layers'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# One step counts as the culprit where it alone makes up this part of the fall, in decades.
MAIN_PART = 0.6

TINY = 1e-38  # the smallest normal float32


@dataclass(frozen=True, slots=True)
class Onset:
    """A fall along a sequence of values.

    Attributes:
        first: Index of the step at which it starts; step i leads from value i to value i + 1.
        last: Index of the step at which it ends.
        sudden: Whether one step does most of it; then ``first == last``.
    """

    first: int
    last: int
    sudden: bool


def onset_of_fall(values: Sequence[float], floor: float = TINY) -> Onset | None:
    """The stretch of steps over which the values fall most; ``None`` where they do not fall.

    The stretch with the largest total fall of log(value), by Kadane's algorithm for the largest sum
    of a contiguous subsequence (Bentley 1984, Programming Pearls, column 8). What lies under
    ``floor`` counts as it.
    """
    logs = [math.log(max(value, floor)) for value in values]
    falls = [before - after for before, after in pairwise(logs)]
    best, first, last = 0.0, -1, -1
    running, start = 0.0, 0
    for index, fall in enumerate(falls):
        if running <= 0:
            running, start = 0.0, index
        running += fall
        if running > best:
            best, first, last = running, start, index
    if first < 0:
        return None
    steepest = max(range(first, last + 1), key=lambda index: falls[index])
    if falls[steepest] >= MAIN_PART * best:
        return Onset(steepest, steepest, sudden=True)
    return Onset(first, last, sudden=False)
