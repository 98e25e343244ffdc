"""The match statement: every case that may apply is tried, and what it captures is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.flow import Flow, merged
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter


def run(interpreter: Interpreter, node: cst.Match, frame: Frame) -> Flow:
    """Run every case from the same state and join what they leave."""
    interpreter.evaluate(node.subject, frame)
    flows: list[Flow] = []

    def arm(case: cst.MatchCase | None) -> Callable[[], bool]:
        def run() -> bool:
            if case is None:
                flows.append(Flow.NEXT)
                return True
            for name in _captured(case.pattern):
                interpreter.store.write(frame.elsewhere.get(name, frame).fields, name, UNKNOWN)
            flows.append(interpreter.execute(case.body.body, frame))
            return flows[-1] is Flow.NEXT

        return run

    cases: list[cst.MatchCase | None] = list(node.cases)
    if not any(_takes_all(case) for case in node.cases):
        cases.append(None)
    interpreter.store.branch([arm(case) for case in cases])
    return merged(flows)


def _takes_all(case: cst.MatchCase) -> bool:
    """``case _`` or ``case name``."""
    pattern = case.pattern
    return isinstance(pattern, cst.MatchAs) and pattern.pattern is None and case.guard is None


def _captured(pattern: cst.CSTNode) -> Iterator[str]:
    """The names a pattern binds."""
    if isinstance(pattern, (cst.MatchAs, cst.MatchStar)) and pattern.name is not None:
        yield pattern.name.value
    if isinstance(pattern, cst.MatchMapping) and pattern.rest is not None:
        yield pattern.rest.value
    for child in walking.children(pattern):
        yield from _captured(child)
