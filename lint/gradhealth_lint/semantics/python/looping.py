"""Loops: unrolled where the count is known, turned an assumed number of times where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.flow import Flow
from gradhealth_lint.semantics.domain.values import Frame
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.python.targets import assign

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


#: A counting loop that does nothing of interest this many times in a row is cut short.
_QUIET_TURNS: Final = 3
_LONG_LOOP: Final = 64
#: Turns of a while loop whose condition stays known and true.
_LONGEST_WHILE: Final = 200


def run_for(interpreter: Interpreter, node: cst.For, frame: Frame) -> Flow:
    """A for loop: every element in turn, one turn of what only trains."""
    run = iteration.turns(interpreter, interpreter.evaluate(node.iter, frame), node.iter)
    flow, quiet = Flow.NEXT, 0
    interpreter.loops.append(id(node))
    with iteration.noting(interpreter, run.note):
        for value in run.items:
            interpreter.step()
            before, events = interpreter.activity, len(interpreter.events)
            assign(interpreter, node.target, value, frame)
            flow = interpreter.execute(node.body.body, frame)
            if flow not in {Flow.NEXT, Flow.CONTINUE}:
                break
            if len(interpreter.events) > events:
                break  # a training loop: one turn shows it all
            quiet = quiet + 1 if interpreter.activity == before else 0
            if quiet and run.note is not None:
                break
            if quiet >= _QUIET_TURNS and len(run.items) > _LONG_LOOP and isinstance(value, int):
                break
    interpreter.loops.pop()
    return flow if flow in {Flow.RETURN, Flow.RAISE} else Flow.NEXT


def run_while(interpreter: Interpreter, node: cst.While, frame: Frame) -> Flow:
    """A while loop: as long as its condition stays known."""
    flow = Flow.NEXT
    interpreter.loops.append(id(node))
    for _ in range(_LONGEST_WHILE):
        known = folding.truth(interpreter.evaluate(node.test, frame))
        if known is False:
            break
        before = interpreter.activity
        flow = interpreter.execute(node.body.body, frame)
        if flow not in {Flow.NEXT, Flow.CONTINUE} or known is None:
            break
        if interpreter.activity == before or _is_literal(node.test):
            break
    interpreter.loops.pop()
    return flow if flow in {Flow.RETURN, Flow.RAISE} else Flow.NEXT


def _is_literal(test: cst.BaseExpression) -> bool:
    """``while True``: what ends it is not its condition, so one turn shows it all."""
    return isinstance(test, cst.Integer) or (isinstance(test, cst.Name) and test.value == "True")
