"""Options that nobody in the file sets: their defaults switch code off that callers switch on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame, Instance
from gradhealth_lint.semantics.skipped import mentions_clipping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Names of numbers that are 0 where nothing is to be clipped.
_CLIP: Final = re.compile(r"clip|clamp|norm|grad", re.I)


def is_open(interpreter: Interpreter, node: cst.If, frame: Frame, *, known: bool) -> bool:
    """Whether a default decides a test, and the arm not taken clips: a caller may choose it."""
    left_out = node.orelse if known else node.body
    if not interpreter.assuming or left_out is None or not mentions_clipping(left_out):
        return False
    return any(True for _ in _unset(interpreter, node.test, frame))


def forget(interpreter: Interpreter, test: cst.BaseExpression, frame: Frame) -> None:
    """Nothing is known of the options in a test any more."""
    for option in list(_unset(interpreter, test, frame)):
        if isinstance(option, cst.Name):
            interpreter.store.write(frame.fields, option.value, UNKNOWN)
        else:
            holder = interpreter.evaluate(option.value, frame)
            if isinstance(holder, Instance):
                interpreter.store.write(holder.fields, option.attr.value, UNKNOWN)


def _unset(
    interpreter: Interpreter, test: cst.BaseExpression, frame: Frame
) -> Iterator[cst.Name | cst.Attribute]:
    """The variables and attributes in a test that hold None, False or a limit of 0."""
    for one in walking.within(test):
        if isinstance(one, cst.Name) and one.value in frame.fields:
            value, name = frame.fields[one.value], one.value
        elif isinstance(one, cst.Attribute):
            value, name = interpreter.evaluate(one, frame), one.attr.value
        else:
            continue
        if value is None or value is False or (_CLIP.search(name) and _is_zero(value)):
            yield one


def _is_zero(value: object) -> bool:
    return isinstance(value, (int, float)) and value == 0
