"""What a branch tells about a name: ``if isinstance(m, nn.Linear)`` on an unknown ``m``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.torch_values import Layer
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ClassOf,
    Frame,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.python.scopes import look_up

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


def narrow(interpreter: Interpreter, test: cst.BaseExpression, frame: Frame) -> None:
    """Bind a name to a layer of the kind that the true branch is about.

    Only if every kind it may be is one whose weight multiplies; its sizes stay unknown.
    """
    if test.__class__ is cst.BooleanOperation and isinstance(test.operator, cst.And):
        narrow(interpreter, test.left, frame)
        narrow(interpreter, test.right, frame)
        return
    name, types = _claim(interpreter, test, frame)
    if name is None or not types:
        return
    value = folding.resolved(look_up(name, frame))
    if value is not UNKNOWN and not isinstance(value, Symbol):
        return
    kinds = [
        kind.name.removeprefix(catalogue.NN) if isinstance(kind, Qualified) else ""
        for kind in types
    ]
    if all(kind in catalogue.AFFINE_KINDS or kind in catalogue.RECURRENT for kind in kinds):
        layer = Layer(kinds[0], {}, interpreter.at(test), ())
        interpreter.store.write(frame.fields, name, layer)


def _claim(
    interpreter: Interpreter, test: cst.BaseExpression, frame: Frame
) -> tuple[str | None, tuple[Value, ...]]:
    """The name and the types of ``isinstance(name, types)`` or ``type(name) == t``."""
    if test.__class__ is cst.Call and len(test.args) == 2:  # noqa: PLR2004
        first, second = test.args[0].value, test.args[1].value
        called = interpreter.evaluate(test.func, frame)
        if called == Qualified("builtins.isinstance") and isinstance(first, cst.Name):
            types = interpreter.evaluate(second, frame)
            return first.value, types if isinstance(types, tuple) else (types,)
    if test.__class__ is cst.Comparison and len(test.comparisons) == 1:
        target = test.comparisons[0]
        left = test.left
        named = _by_name(interpreter, left, target, frame)
        if named is not None:
            return named
        if (
            isinstance(target.operator, (cst.Equal, cst.Is))
            and isinstance(left, cst.Call)
            and len(left.args) == 1
            and isinstance(left.args[0].value, cst.Name)
            and interpreter.evaluate(left.func, frame) == Qualified("builtins.type")
        ):
            return left.args[0].value.value, (interpreter.evaluate(target.comparator, frame),)
    return None, ()


def _by_name(
    interpreter: Interpreter, left: cst.BaseExpression, target: cst.ComparisonTarget, frame: Frame
) -> tuple[str, tuple[Value, ...]] | None:
    """``classname.find("Linear") != -1``, ``"Linear" in classname``, ``classname == "Linear"``."""
    asked, text = left, target.comparator
    if isinstance(target.operator, cst.In):
        asked, text = text, left
    elif isinstance(left, cst.Call) and isinstance(left.func, cst.Attribute) and left.args:
        negated = isinstance(target.operator, (cst.NotEqual, cst.GreaterThan, cst.GreaterThanEqual))
        if left.func.attr.value != "find" or not negated:
            return None
        asked, text = left.func.value, left.args[0].value
    elif not isinstance(target.operator, cst.Equal):
        return None
    value, kind = interpreter.evaluate(asked, frame), interpreter.evaluate(text, frame)
    if not isinstance(value, ClassOf) or not value.named or not isinstance(kind, str):
        return None
    kind = "Conv2d" if kind == "Conv" else kind
    held = look_up(value.symbol.name, frame) is value.symbol
    return (value.symbol.name, (Qualified(catalogue.NN + kind),)) if held else None
