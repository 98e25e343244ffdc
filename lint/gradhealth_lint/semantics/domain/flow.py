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


def merged(flows: list[Flow]) -> Flow:
    """Control goes on if any arm lets it; an arm that raises is taken not to be the usual one."""
    if Flow.NEXT in flows:
        return Flow.NEXT
    others = [flow for flow in flows if flow is not Flow.RAISE]
    return others[0] if others else Flow.RAISE
