"""Comprehensions and generator expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame, Value, new_dict, new_list
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.python.scopes import closure
from gradhealth_lint.semantics.python.targets import assign

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter


def comprehension(
    interpreter: Interpreter, node: cst.ListComp | cst.SetComp | cst.GeneratorExp, frame: Frame
) -> Value:
    """The list it makes; UNKNOWN elements if a condition is not known."""
    items: list[Value] = []

    def collect(inner: Frame) -> None:
        items.append(interpreter.evaluate(node.elt, inner))

    known = _run(interpreter, node.for_in, frame, _inside(frame), collect)
    return new_list(items if known else UNKNOWN)


def dict_comprehension(interpreter: Interpreter, node: cst.DictComp, frame: Frame) -> Value:
    """The dict it makes."""
    pairs: list[tuple[Value, Value]] = []

    def collect(inner: Frame) -> None:
        key = interpreter.evaluate(node.key, inner)
        pairs.append((key, interpreter.evaluate(node.value, inner)))

    known = _run(interpreter, node.for_in, frame, _inside(frame), collect)
    return new_dict(pairs if known else UNKNOWN)


def _inside(frame: Frame) -> Frame:
    """The scope of a comprehension's own names; it does not see a class body around it."""
    return Frame({}, closure(frame), frame.owner, receiver=frame.receiver, is_comprehension=True)


def _run(
    interpreter: Interpreter,
    clause: cst.CompFor,
    outside: Frame,
    frame: Frame,
    collect: Callable[[Frame], None],
) -> bool:
    """Run ``collect`` for every element that passes; False if some condition is not known.

    What the first clause runs over is evaluated ``outside``.
    """
    source = interpreter.evaluate(clause.iter, outside)
    run = iteration.turns(interpreter, source, clause.iter)
    known = True
    with iteration.noting(interpreter, run.note):
        for value in run.items:
            interpreter.step()
            assign(interpreter, clause.target, value, frame)
            answers = [folding.truth(interpreter.evaluate(c.test, frame)) for c in clause.ifs]
            if False in answers:
                continue
            known = known and None not in answers
            if clause.inner_for_in is not None:
                known = _run(interpreter, clause.inner_for_in, frame, frame, collect) and known
            else:
                collect(frame)
    return known
