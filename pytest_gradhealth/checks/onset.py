"""Where along a way a quantity starts to fall: one layer's doing, or a stretch of layers'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# One step counts as the culprit where it alone makes up this part of the fall, in decades.
MAIN_PART = 0.6

_SLIGHT = 0.4  # of the mean fall, below which a step is not part of a stretch

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

    The stretch with the largest total fall of log(value); then, of that, the one that is left when
    a quarter of its mean fall is taken off every step, so that healthy layers which lose a tenth
    are no part of a stretch that loses nine tenths. What lies under ``floor`` counts as it.
    """
    logs = [math.log(max(value, floor)) for value in values]
    falls = [before - after for before, after in pairwise(logs)]
    stretch = _largest_stretch(falls)
    if stretch is None:
        return None
    first, last = stretch
    total = sum(falls[first : last + 1])
    slack = _SLIGHT * total / (last + 1 - first)
    first, last = _largest_stretch([fall - slack for fall in falls]) or stretch
    steepest = max(range(first, last + 1), key=lambda index: falls[index])
    if falls[steepest] >= MAIN_PART * total:
        return Onset(steepest, steepest, sudden=True)
    return Onset(first, last, sudden=False)


def _largest_stretch(steps: Sequence[float]) -> tuple[int, int] | None:
    """First and last index of the contiguous steps with the largest positive sum.

    Kadane's algorithm (Bentley 1984, Programming Pearls, column 8).
    """
    best, stretch = 0.0, None
    running, start = 0.0, 0
    for index, step in enumerate(steps):
        if running <= 0:
            running, start = 0.0, index
        running += step
        if running > best:
            best, stretch = running, (start, index)
    return stretch
