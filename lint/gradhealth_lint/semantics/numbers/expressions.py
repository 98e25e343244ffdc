"""Expressions on numbers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.semantics.domain.catalogue import SHAPE_ATTRIBUTES
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import Instance, Qualified
from gradhealth_lint.semantics.numbers import calls, halves, operations, risking
from gradhealth_lint.semantics.numbers.number import (
    Number,
    exactly,
    join,
    made,
    square,
    unknown,
)
from gradhealth_lint.semantics.numbers.scope import Held, Scope, State, attribute, find, number
from gradhealth_lint.semantics.python.scopes import make_lambda

if TYPE_CHECKING:
    from collections.abc import Callable

#: A comparison's result, or what is made of one: it picks entries.
MASK: Final = "mask"
#: What a batch holds beside its inputs.
_DATA: Final = re.compile(r"target|label|truth|\bgt|mask", re.I)


def evaluate(state: State, node: cst.CSTNode, scope: Scope) -> Held:
    """The value of an expression; a number of which nothing is known for kinds not read."""
    state.step()
    handler = _HANDLERS.get(type(node))
    return Number() if handler is None else handler(state, node, scope)


def same(left: cst.CSTNode, right: cst.CSTNode) -> bool:
    """Whether two expressions are written alike."""
    return type(left) is type(right) and left.deep_equals(right)


def _name(_: State, node: cst.Name, scope: Scope) -> Held:
    if node.value in {"True", "False"}:
        return node.value == "True"
    return find(scope, node.value)


def _constant(_: State, node: cst.Integer | cst.Float, __: Scope) -> Held:
    try:
        return exactly(float(node.value.replace("_", "")))
    except ValueError:
        return Number()


def _string(_: State, node: cst.SimpleString, __: Scope) -> Held:
    return node.value.strip("rbuRBU").strip("\"'")


def _attribute(state: State, node: cst.Attribute, scope: Scope) -> Held:
    path = dotted(node)
    if path in scope.names:
        return scope.names[path]
    name = node.attr.value
    receiver = evaluate(state, node.value, scope)
    if isinstance(receiver, Qualified):
        return risking.qualified(f"{receiver.name}.{name}")
    if isinstance(receiver, Instance):
        return attribute(receiver, name)
    if not isinstance(receiver, Number):
        return Number()
    if name in {"data", "grad"}:
        return receiver.cut()
    if name in SHAPE_ATTRIBUTES:
        return Number()
    return receiver if name in {"T", "mT", "H"} else receiver.unknown()


def _binary(state: State, node: cst.BinaryOperation, scope: Scope) -> Held:
    left, right = evaluate(state, node.left, scope), evaluate(state, node.right, scope)
    return combine(state, node, node.operator, (left, node.left), (right, node.right))


def combine(
    state: State,
    node: cst.CSTNode,
    op: cst.CSTNode,
    one: tuple[Held, cst.CSTNode],
    other: tuple[Held, cst.CSTNode],
) -> Held:
    """``one op other``."""
    left, right = number(one[0]), number(other[0])
    if isinstance(op, (cst.Add, cst.AddAssign)):
        result = operations.added(left, right)
        return replace(result, risks=result.risks | halves.added(state, node, left, right))
    if isinstance(op, (cst.Subtract, cst.SubtractAssign)):
        return operations.subtracted(left, right)
    if isinstance(op, (cst.Multiply, cst.MultiplyAssign)):
        return square(left) if same(one[1], other[1]) else operations.multiplied(left, right)
    if isinstance(op, (cst.MatrixMultiply, cst.MatrixMultiplyAssign)):
        units = left.kind == right.kind == "unit"
        low, high, kind = (-1.0, 1.0, "cosine_similarity") if units else (
            -math.inf, math.inf, "a product",
        )  # fmt: skip
        return halves.computed(state, "matmul", made(low, high, left, right, kind=kind))
    if isinstance(op, (cst.Divide, cst.DivideAssign)):
        return risking.divided(state, node, (left, one[1]), (right, other[1]))
    if isinstance(op, cst.Power):
        return risking.raised(state, node, (left, one[1]), right)
    if isinstance(op, (cst.BitAnd, cst.BitOr)):
        return Number(kind=MASK)
    return unknown(left, right)


def _unary(state: State, node: cst.UnaryOperation, scope: Scope) -> Held:
    value = number(evaluate(state, node.expression, scope))
    if isinstance(node.operator, cst.Minus):
        return operations.negated(value)
    return value if value.kind == MASK else value.unknown()


def _comparison(state: State, node: cst.Comparison, scope: Scope) -> Held:
    evaluate(state, node.left, scope)
    return Number(kind=MASK)


def _boolean(state: State, node: cst.BooleanOperation, scope: Scope) -> Held:
    left = number(evaluate(state, node.left, scope))
    return join(left, number(evaluate(state, node.right, scope)))


def _conditional(state: State, node: cst.IfExp, scope: Scope) -> Held:
    test = evaluate(state, node.test, scope)
    if isinstance(test, bool):
        return evaluate(state, node.body if test else node.orelse, scope)
    body, otherwise = evaluate(state, node.body, scope), evaluate(state, node.orelse, scope)
    return merged(body, otherwise)


def merged(left: Held, right: Held) -> Held:
    """One or the other, whatever they are."""
    if isinstance(left, Number) and isinstance(right, Number):
        return join(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        return tuple(merged(a, b) for a, b in zip(left, right, strict=True))
    if left is right or right is None:
        return left
    if left is None:
        return right
    return unknown(number(left), number(right))


def _items(state: State, node: cst.Tuple | cst.List, scope: Scope) -> Held:
    return tuple(evaluate(state, one.value, scope) for one in node.elements)


def _dict(state: State, node: cst.Dict, scope: Scope) -> Held:
    return tuple(evaluate(state, one.value, scope) for one in node.elements)


def _subscript(state: State, node: cst.Subscript, scope: Scope) -> Held:
    if scope.indexed:
        path = cst.Module([]).code_for_node(node)
        if path in scope.names:
            return scope.names[path]
    value = evaluate(state, node.value, scope)
    picks = [one.slice.value for one in node.slice if isinstance(one.slice, cst.Index)]
    if len(picks) == 1 and isinstance(picks[0], cst.SimpleString) and _DATA.search(picks[0].value):
        return Number()
    if isinstance(value, tuple):
        index = number(evaluate(state, picks[0], scope)).constant if len(picks) == 1 else None
        if index is not None and -len(value) <= index < len(value):
            return value[int(index)]
        return number(value)
    if not isinstance(value, Number):
        return Number()
    for pick in picks:
        index_value = evaluate(state, pick, scope)
        if isinstance(index_value, Number) and index_value.constant is None:
            plain = len(picks) == 1 and isinstance(pick, (cst.Name, cst.Call, cst.Attribute))
            if index_value.kind == MASK or (plain and index_value.kind != "index"):
                return replace(value.unknown(), kind="picked")
    return replace(value, kind="" if value.kind == "unit" else value.kind)


def _named(state: State, node: cst.NamedExpr, scope: Scope) -> Held:
    value = evaluate(state, node.value, scope)
    if isinstance(node.target, cst.Name):
        scope.names[node.target.value] = value
    return value


def _comprehension(state: State, node: Any, scope: Scope) -> Held:
    before = dict(scope.names)
    source = number(evaluate(state, node.for_in.iter, scope))
    for name in bound_names(node.for_in.target):
        scope.names[name] = source.unknown()
    value = number(evaluate(state, node.elt, scope))
    scope.names.clear()
    scope.names.update(before)
    return value


def _lambda(state: State, node: cst.Lambda, scope: Scope) -> Held:
    return make_lambda(state.interpreter, node, scope.outside)


def bound_names(target: cst.CSTNode) -> list[str]:
    """The names that an assignment's target binds."""
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for one in target.elements for name in bound_names(one.value)]
    return []


_HANDLERS: Final[dict[type[cst.CSTNode], Callable[[State, Any, Scope], Held]]] = {
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Call: calls.evaluate,
    cst.Integer: _constant,
    cst.Float: _constant,
    cst.SimpleString: _string,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.Comparison: _comparison,
    cst.BooleanOperation: _boolean,
    cst.IfExp: _conditional,
    cst.Tuple: _items,
    cst.List: _items,
    cst.Dict: _dict,
    cst.Subscript: _subscript,
    cst.NamedExpr: _named,
    cst.Lambda: _lambda,
    cst.ListComp: _comprehension,
    cst.GeneratorExp: _comprehension,
}
