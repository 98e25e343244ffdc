"""Words for the numbers that an operand can be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.numeric_facts import Steep


def between(steep: Steep) -> str:
    """``is between 0 and 1``, ``is not negative``, ``can be any number``."""
    if steep.kind == "given":
        return "is a probability by its name, between 0 and 1"
    if math.isinf(steep.low) and math.isinf(steep.high):
        return "can be any number"
    if math.isinf(steep.high):
        return "is never negative and can be 0" if steep.low == 0 else f"is {steep.low:g} or more"
    if math.isinf(steep.low):
        return f"is {steep.high:g} or less"
    return f"is between {steep.low:g} and {steep.high:g}"
