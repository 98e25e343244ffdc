"""Exponentials that are added up by hand: what overflows or is rounded to 0 in them.

``exp`` of more than 88 is inf in float32. Where one is divided by the sum of several, or the
logarithm of such a sum is taken, the gradient is inf / inf then: nan.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.numbers.number import PERHAPS, Number, Risk

if TYPE_CHECKING:
    from gradhealth_lint.semantics.numbers.scope import State

#: The results of exp by what can become of them: inf; 0; one of the two, by the argument's sign.
_OPEN: Final = "open exp"
_FADING: Final = "fading exp"
_SIGNED: Final = "exp of minus"
#: Of a difference: what was taken off may be the largest of several, but not of one.
_SHIFTED: Final = "exp of a difference"
EXPONENTIALS: Final = frozenset({_OPEN, _FADING, _SIGNED, _SHIFTED})
#: Several of them added up, and one and an exp, or an exp and its inverse.
_SUM: Final = "sum of open exp"
_FADING_SUM: Final = "sum of fading exp"
_ONE_PLUS: Final = "one plus exp"
#: The numerator of tanh.
_OPPOSED: Final = "difference of exp"
_SUMS: Final = {_OPEN: _SUM, _FADING: _FADING_SUM, _SIGNED: _FADING_SUM, _SHIFTED: ""}
#: What was negated, or had something taken off, which may be the largest.
MINUS: Final = "minus"
DIFFERENCE: Final = "difference"
_LARGE: Final = 80.0
#: Less than this beside an exp is an eps.
_ABOUT_ONE: Final = 0.1
#: What is in an interval by its name, or by the temperature it is divided by.
_BOUNDED: Final = re.compile(
    r"sim|cos|corr|decay|(^|_)gate|kernel|/\s*(\w+\.)?t\b|/\s*[\w.]*(tau|temp)|temperature|clamp|clip",
    re.I,
)
_LOGITS: Final = re.compile(r"logit", re.I)
_LOGARITHM: Final = re.compile(
    r"(^|[._])log_?(p|q|w|prob|pi|alpha|likelihood|weight|mix)|log_prob|nll"
)


def exponential(one: Number, source: cst.CSTNode) -> str:
    """The kind of ``exp(source)``."""
    if one.known and not one.given:
        if one.high >= _LARGE:
            return _OPEN if one.kind != "a product" or not _is_bounded(source) else "exp"
        return _FADING if one.low < -_LARGE else "exp"
    if _is_bounded(source):
        return "exp"
    if one.kind == DIFFERENCE:
        return _SHIFTED
    if one.kind == MINUS:
        return _SIGNED
    return _FADING if _LOGARITHM.search(_text(source)) else _OPEN


def _is_bounded(source: cst.CSTNode) -> bool:
    text = _text(source)
    return bool(_BOUNDED.search(text)) and not _LOGITS.search(text)


def _text(source: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(source)


def total(kind: str) -> str | None:
    """The kind of a sum over exponentials, None if they are none."""
    return _SUMS.get(kind)


def added(left: Number, right: Number) -> str:
    """The kind of ``left + right``, "" if no exponential is at risk in it."""
    kinds = {left.kind, right.kind}
    if kinds <= EXPONENTIALS:
        return _SUM if _OPEN in kinds else ""
    for one, other in ((left, right), (right, left)):
        if one.constant is not None and one.low > 0:
            if other.kind in {_OPEN, _SIGNED, _SHIFTED}:
                return _ONE_PLUS if one.low >= _ABOUT_ONE else other.kind
            if other.kind in {_SUM, _ONE_PLUS}:
                return other.kind
    return ""


def multiplied(left: Number, right: Number) -> str:
    """The kind of ``left * right`` where a mask, a weight or a sign does not change it."""
    kinds = [left.kind, right.kind]
    for kind in (*sorted(EXPONENTIALS), DIFFERENCE, MINUS):
        if kinds.count(kind) == 1:
            return kind
    negative = any(one.constant is not None and one.low < 0 for one in (left, right))
    return MINUS if negative and not (left.known and right.known) else ""


def divided(state: State, node: cst.CSTNode, left: Number, right: Number) -> frozenset[Risk]:
    """The risk of a division by a sum of exponentials."""
    if right.kind == _ONE_PLUS:
        return _risk(state, node, "naive sigmoid", right)
    if right.kind == _SUM and left.kind == _OPPOSED:
        return _risk(state, node, "naive tanh", right)
    if right.kind == _SUM and (left.kind in EXPONENTIALS or left.constant is not None):
        return _risk(state, node, "naive softmax", right)
    return frozenset()


def logarithm(state: State, node: cst.CSTNode, name: str, one: Number) -> frozenset[Risk]:
    """The risk of the logarithm of such a sum."""
    if one.kind in {_SUM, _FADING_SUM}:
        return _risk(state, node, "naive logsumexp", one)
    if one.kind == _ONE_PLUS or (name == "log1p" and one.kind in {_OPEN, _SIGNED, _SHIFTED}):
        return _risk(state, node, "naive softplus", one)
    return frozenset()


def subtracted(left: Number, right: Number, result: Number) -> Number:
    """``left - right``, of which add says the rest."""
    if {left.kind, right.kind} <= EXPONENTIALS:
        return replace(result, kind=_OPPOSED)
    return result if result.known and not result.given else replace(result, kind=DIFFERENCE)


def _risk(state: State, node: cst.CSTNode, operation: str, one: Number) -> frozenset[Risk]:
    if state.gradless or one.learns < PERHAPS:
        return frozenset()
    return frozenset({Risk(node, operation, node, one)})
