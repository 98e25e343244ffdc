"""``torch.where(condition, one, other)``: both are computed, and a gradient goes to both.

Where the condition leaves out the numbers at which a branch has an infinite slope, the value is
guarded and the gradient is not: 0 times infinity is nan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.numbers import risking
from gradhealth_lint.semantics.numbers.number import (
    PERHAPS,
    Number,
    Risk,
    join,
    risks,
    unknown,
)
from gradhealth_lint.semantics.numbers.scope import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.numbers.scope import Scope, State

#: A comparison with a number no farther than this from where the slope is infinite guards it.
_NEAR: Final = 0.02
_ARCS: Final = frozenset({"acos", "asin", "atanh"})
_POWERS: Final = 2


def where(state: State, node: cst.Call, scope: Scope) -> Number:
    """The result of ``torch.where`` with three arguments."""
    from gradhealth_lint.semantics.numbers.expressions import evaluate

    condition, *branches = [argument.value for argument in node.args[:3]]
    evaluate(state, condition, scope)
    values = [number(evaluate(state, branch, scope)) for branch in branches]
    compared = list(_compared(state, condition, scope))
    found = risks(tuple(values))
    for branch in branches:
        for operation, operand, at in _steep(state, branch, scope):
            trapped = _trapped(state, operation, operand, compared, scope)
            if trapped is not None and not state.gradless:
                found = frozenset(one for one in found if one.node is not at)
                found |= {Risk(node, f"where {operation}", operand, trapped)}
    narrowed = any(_alike(branch, side) for branch in branches for side, _ in compared)
    result = unknown(*values) if narrowed else join(*values)
    return Number(
        result.learns, result.known, result.low, result.high, result.masked, result.given, "", found
    )


def _compared(
    state: State, condition: cst.CSTNode, scope: Scope
) -> Iterator[tuple[cst.CSTNode, float]]:
    """What a condition compares with which number."""
    from gradhealth_lint.semantics.numbers.expressions import evaluate

    node = _defined(condition, scope)
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        sides = (node.left, node.comparisons[0].comparator)
        for side, other in (sides, sides[::-1]):
            value = number(evaluate(state, other, scope)).constant
            if value is not None:
                yield side, value
                func = side.func if isinstance(side, cst.Call) else None
                if isinstance(func, cst.Attribute) and func.attr.value == "abs":
                    yield func.value, value
    elif isinstance(node, cst.BinaryOperation):
        yield from _compared(state, node.left, scope)
        yield from _compared(state, node.right, scope)
    elif isinstance(node, cst.UnaryOperation):
        yield from _compared(state, node.expression, scope)


def _defined(node: cst.CSTNode, scope: Scope) -> cst.CSTNode:
    """What a name was assigned, if it is one."""
    if isinstance(node, cst.Name):
        return scope.definitions.get(node.value, node)
    return node


def _steep(
    state: State, branch: cst.CSTNode, scope: Scope
) -> Iterator[tuple[str, cst.CSTNode, cst.CSTNode]]:
    """The operations in a branch whose slope is infinite somewhere: (operation, operand, node)."""
    from gradhealth_lint.semantics.numbers.expressions import evaluate

    waiting: list[cst.CSTNode] = [_defined(branch, scope)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Call):
            name = dotted(node.func).rpartition(".")[2]
            if isinstance(node.func, cst.Attribute):
                name = node.func.attr.value
            if name in {"where", "detach"}:
                continue
            operand = _operand(node, name)
            if operand is not None and name in risking.OPERATIONS:
                yield risking.OPERATIONS[name], operand, node
            if name == "pow" and operand is not None:
                power = number(evaluate(state, node.args[-1].value, scope)).constant
                if power is not None and power < 1:
                    yield "sqrt" if power > 0 else "division", operand, node
        elif isinstance(node, cst.BinaryOperation):
            if isinstance(node.operator, cst.Divide):
                yield "division", node.right, node
            elif isinstance(node.operator, cst.Power):
                power = number(evaluate(state, node.right, scope)).constant
                if power is not None and power < 1:
                    yield "sqrt" if power > 0 else "division", node.left, node
        waiting.extend(walking.children(node))


def _operand(node: cst.Call, name: str) -> cst.CSTNode | None:
    """What a function or a method is applied to."""
    func = node.func
    if isinstance(func, cst.Attribute):
        root = func.value
        method = not node.args or (name == "pow" and len(node.args) < _POWERS)
        if method:
            return root
    return node.args[0].value if node.args else None


def _trapped(
    state: State,
    operation: str,
    operand: cst.CSTNode,
    compared: list[tuple[cst.CSTNode, float]],
    scope: Scope,
) -> Number | None:
    """The operand, if the condition guards it alone and its gradient is wanted."""
    from gradhealth_lint.semantics.numbers.expressions import evaluate

    value = number(evaluate(state, operand, scope))
    if value.learns < PERHAPS or (value.known and value.low > 0 and operation not in _ARCS):
        return None
    for side, limit in compared:
        edge = abs(abs(limit) - 1) if operation in _ARCS else abs(limit)
        if edge <= _NEAR and _alike(operand, side):
            return value
    return None


def _alike(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    return type(one) is type(other) and one.deep_equals(other)
