"""Operations with an infinite slope somewhere, and what their operands can be."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.names import canonical
from gradhealth_lint.semantics.domain.values import Qualified
from gradhealth_lint.semantics.numbers import overflowing
from gradhealth_lint.semantics.numbers.number import (
    LEARNED,
    PERHAPS,
    Number,
    Risk,
    exactly,
    made,
    multiply,
    square,
    unknown,
)
from gradhealth_lint.semantics.numbers.operations import NORMS, ROOT, SPREAD

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.numbers.scope import State

#: What is at risk, by the names of functions and methods.
OPERATIONS: Final = {
    **dict.fromkeys(("log", "log2", "log10", "log_"), "log"),
    "log1p": "log1p",
    **dict.fromkeys(("sqrt", "sqrt_"), "sqrt"),
    "rsqrt": "rsqrt",
    "hypot": "hypot",
    **dict.fromkeys(("acos", "arccos"), "acos"),
    **dict.fromkeys(("asin", "arcsin"), "asin"),
    **dict.fromkeys(("atanh", "arctanh"), "atanh"),
}
#: The end of ``(trace - 1) / 2``, the cosine of a rotation's angle.
_HALVED: Final = re.compile(r"-\s*1(\.0*)?\s*\)+\s*(/\s*2(\.0*)?|\*\s*0?\.5)\s*\)*$")


def qualified(name: str) -> Qualified:
    """A member of an imported module."""
    return Qualified(canonical(name))


def risky(
    state: State, node: cst.CSTNode, operation: str, operand: Number, source: cst.CSTNode
) -> frozenset[Risk]:
    """The risk of an operation, if its operand is learned and can be where the slope is infinite.

    A number that only perhaps is learned counts inside a ``where``, which judges it.
    """
    if state.gradless or operand.learns < PERHAPS:
        return frozenset()
    if operand.learns < LEARNED or not _is_at_edge(operation, operand):
        return frozenset()
    return frozenset({Risk(node, operation, source, operand)})


def _is_at_edge(operation: str, operand: Number) -> bool:
    if not operand.known:
        return False
    if operation in {"acos", "asin", "atanh"}:
        return operand.low <= -1 or operand.high >= 1
    if operand.kind == "a product":
        return False  # what is multiplied may keep it positive
    if operation == "log1p":
        return operand.low <= -1
    if operation == "log":
        return operand.low <= 0
    return operand.low <= 0 and not (operand.masked or operand.given)


def divided(
    state: State,
    node: cst.CSTNode,
    one: tuple[Number, cst.CSTNode],
    other: tuple[Number, cst.CSTNode],
) -> Number:
    """``one / other``."""
    left, right = one[0], other[0]
    constant = right.constant
    if constant:
        result = multiply(left, made(1 / constant, 1 / constant))
        halved = constant == 2 and left.kind == "trace"  # noqa: PLR2004
        return replace(result, kind=left.kind if halved or left.kind != "unit" else "")
    by_hand = overflowing.divided(state, node, left, right)
    found = left.risks | right.risks | by_hand | small(state, node, left, (right, other[1]))
    if by_hand:
        return replace(made(0.0, 1.0, left, right, kind="by hand"), risks=found)
    if right.kind in NORMS or right.kind == ROOT:
        if left.kind in {"a product", "cosine_similarity"}:
            return replace(made(-1.0, 1.0, left, right, kind="cosine_similarity"), risks=found)
        if right.kind != "product of norms":
            return replace(made(-1.0, 1.0, left, right, kind="unit"), risks=found)
    if left.known and right.known and right.low >= 0:
        if left.kind == "a product" and right.kind == "product":
            return replace(made(-1.0, 1.0, left, right, kind="cosine_similarity"), risks=found)
        low = -math.inf if left.low < 0 else 0.0
        if left.low <= 0:
            high = math.inf if left.high > 0 else 0.0
            return replace(made(low, high, left, right, kind=""), risks=found)
    kept = left.kind in {overflowing.MINUS, overflowing.DIFFERENCE}
    return replace(unknown(left, right), risks=found, kind=left.kind if kept else "")


def small(
    state: State, node: cst.CSTNode, divided: Number, divisor: tuple[Number, cst.CSTNode]
) -> frozenset[Risk]:
    """The risk of a division by a norm or a standard deviation, which can be 0.

    One of what only perhaps is learned counts too, where it is what is divided: 0 / 0 is nan
    before any gradient.
    """
    one, source = divisor
    can_be_zero = (one.kind in NORMS or one.kind == SPREAD) and one.low <= 0
    learned = one.learns == LEARNED or PERHAPS == one.learns <= divided.learns
    if state.gradless or not (can_be_zero and learned):
        return frozenset()
    return frozenset({Risk(node, "norm", source, one)})


def raised(
    state: State, node: cst.CSTNode, one: tuple[Number, cst.CSTNode], exponent: Number
) -> Number:
    """``one ** exponent``."""
    base, power = one[0], exponent.constant
    if power is None:
        return unknown(base, exponent)
    if power == 2:  # noqa: PLR2004
        return square(base)
    if power > 0 and power % 2 == 0:
        return made(0.0, math.inf, base) if not base.known or base.reaches(0) else unknown(base)
    if 0 < power < 1:
        result = unknown(base)
        if base.known and base.low >= 0:
            high = base.high**power
            kind = ROOT if base.kind == "square" else "sqrt"
            result = made(base.low**power, high, base, kind=kind)
        more = risky(state, node, "sqrt", base, one[1])
        return replace(result, risks=result.risks | more)
    if -1 < power < 0:
        more = risky(state, node, "rsqrt", base, one[1])
        return replace(unknown(base), risks=base.risks | more)
    if power == -1:
        return divided(state, node, (exactly(1.0), one[1]), one)
    if power < 0:
        return replace(unknown(base), risks=base.risks | small(state, node, base, one))
    return unknown(base)
