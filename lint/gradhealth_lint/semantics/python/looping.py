"""Loops: unrolled where the count is known, turned an assumed number of times where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding, walking
from gradhealth_lint.semantics.domain.flow import Flow
from gradhealth_lint.semantics.domain.torch_values import Optimizer, Scheduler, is_module
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Frame,
    Value,
    is_constant,
)
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.python.targets import assign
from gradhealth_lint.semantics.pytorch import ordering

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


#: A counting loop that does nothing of interest this many times in a row is cut short.
_QUIET_TURNS: Final = 3
_LONG_LOOP: Final = 64
#: Turns of a while loop whose condition stays known and true.
_LONGEST_WHILE: Final = 200
#: Turns in a row that do nothing of interest, after which its numbers are no longer followed.
_QUIET_WHILE: Final = 24


def run_for(interpreter: Interpreter, node: cst.For, frame: Frame) -> Flow:
    """A for loop: every element in turn, one turn of what only trains."""
    over = interpreter.evaluate(node.iter, frame)
    ordering.looped(interpreter, node, over, frame)
    run = iteration.turns(interpreter, over, node.iter)
    flow, quiet = Flow.NEXT, 0
    conditions = len(interpreter.conditions)
    interpreter.enter(node)
    with iteration.noting(interpreter, run.note):
        for value in run.items:
            interpreter.step()
            before, trained = interpreter.activity, interpreter.trained
            fields = dict(frame.fields)
            seen = _seen(interpreter)
            assign(interpreter, node.target, value, frame)
            handed = len(interpreter.handed)
            interpreter.handed.extend(value if isinstance(value, tuple) else (value,))
            flow = interpreter.execute(node.body.body, frame)
            del interpreter.conditions[conditions:]
            del interpreter.handed[handed:]
            if flow not in {Flow.NEXT, Flow.CONTINUE}:
                break
            if interpreter.trained > trained and not _is_object(value):
                # A training loop: one turn shows it all, if it could be any turn.
                if _depends(interpreter, _blur(interpreter, frame, fields), seen):
                    flow = interpreter.execute(node.body.body, frame)
                    del interpreter.conditions[conditions:]
                break
            quiet = quiet + 1 if interpreter.activity == before else 0
            long = len(run.items) > _LONG_LOOP and isinstance(value, int)
            if quiet and (run.note is not None or (long and quiet >= _QUIET_TURNS)):
                _blur(interpreter, frame, fields)
                break
    interpreter.loops.pop()
    return _after(interpreter, node, flow, frame)


def run_while(interpreter: Interpreter, node: cst.While, frame: Frame) -> Flow:
    """A while loop: as long as its condition stays known."""
    flow, quiet = Flow.NEXT, 0
    conditions = len(interpreter.conditions)
    interpreter.enter(node)
    for _ in range(_LONGEST_WHILE):
        known = folding.truth(interpreter.evaluate(node.test, frame))
        if known is False:
            break
        before, trained = interpreter.activity, interpreter.trained
        fields = dict(frame.fields)
        seen = _seen(interpreter)
        flow = interpreter.execute(node.body.body, frame)
        del interpreter.conditions[conditions:]
        if flow not in {Flow.NEXT, Flow.CONTINUE} or known is None:
            break
        quiet = quiet + 1 if interpreter.activity == before else 0
        if quiet > _QUIET_WHILE or _is_literal(node.test) or interpreter.trained > trained:
            changed = _blur(interpreter, frame, fields)
            if interpreter.trained > trained and _depends(interpreter, changed, seen):
                flow = interpreter.execute(node.body.body, frame)
                del interpreter.conditions[conditions:]
            break
    interpreter.loops.pop()
    return _after(interpreter, node, flow, frame)


def _after(interpreter: Interpreter, node: cst.For | cst.While, flow: Flow, frame: Frame) -> Flow:
    """How control leaves the whole loop, its ``else`` included."""
    if flow in {Flow.RETURN, Flow.RAISE}:
        return flow
    if flow is not Flow.BREAK and node.orelse is not None:
        return interpreter.execute(node.orelse.body.body, frame)
    return Flow.NEXT


def _blur(interpreter: Interpreter, frame: Frame, before: dict[str, Value]) -> set[str]:
    """A loop was left early: numbers that changed in its last turn would have gone on changing.

    Returns their names.
    """
    changed = set()
    for name, value in list(frame.fields.items()):
        old = before.get(name, MISSING)
        if is_constant(value) and old is not value and not (is_constant(old) and old == value):
            interpreter.store.write(frame.fields, name, UNKNOWN)
            changed.add(name)
    return changed


def _seen(interpreter: Interpreter) -> tuple[int, int, int]:
    """What has been recorded before a turn."""
    return len(interpreter.events), len(interpreter.decided), len(interpreter.skipped)


def _depends(interpreter: Interpreter, changed: set[str], seen: tuple[int, int, int]) -> bool:
    """Whether the turn at hand decided something by numbers that differ from turn to turn.

    Then what it did and left out is forgotten, for another turn that leaves it open: the first
    one of ``if i % 4 == 3`` takes no step.
    """
    events, decided, skipped = seen
    tests = interpreter.decided[decided:]
    if not any(changed.intersection(walking.names(test)) for test in tests):
        return False
    del interpreter.events[events:]
    del interpreter.skipped[skipped:]
    return True


def _is_object(value: Value) -> bool:
    """One of several optimizers or models: each turn of the loop is about another."""
    return isinstance(value, (Optimizer, Scheduler)) or is_module(value)


def _is_literal(test: cst.BaseExpression) -> bool:
    """``while True``: what ends it is not its condition, so one turn shows it all."""
    return isinstance(test, cst.Integer) or (isinstance(test, cst.Name) and test.value == "True")
