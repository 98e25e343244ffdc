"""How control leaves a statement."""

from __future__ import annotations

from enum import Enum


class Flow(Enum):
    """How control leaves a statement."""

    NEXT = "next"
    RETURN = "return"
    BREAK = "break"
    CONTINUE = "continue"
    RAISE = "raise"
