"""Comparisons of values the interpretation knows: True, False or UNKNOWN."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.folding import resolved, sequence
from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.torch_values import Container, Drawn, Layer, ParameterRef
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Assumed,
    ClassValue,
    DictValue,
    Function,
    Instance,
    ListValue,
    Qualified,
    Value,
    is_constant,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARE: Final[dict[type[cst.CSTNode], Callable[[Value, Value], bool]]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThan: operator.gt,
    cst.GreaterThanEqual: operator.ge,
}
#: These exist as objects, so they are true and not None.
_OBJECTS: Final = (
    Layer, Instance, Container, Function, ClassValue, Qualified, ParameterRef, Node, ListValue,
    DictValue, tuple, range, Assumed, Drawn,
)  # fmt: skip


def compare(op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``left op right`` as True, False or UNKNOWN."""
    left, right = resolved(left), resolved(right)
    kind = op.__class__
    if kind is cst.Is or kind is cst.IsNot:
        same = _identical(left, right)
        return UNKNOWN if same is None else same == (kind is cst.Is)
    if kind is cst.In or kind is cst.NotIn:
        inside = _contains(right, left)
        return UNKNOWN if inside is None else inside == (kind is cst.In)
    if kind is cst.Equal or kind is cst.NotEqual:
        same = equal(left, right)
        return UNKNOWN if same is None else same == (kind is cst.Equal)
    function = _COMPARE.get(kind)
    if function is None or not (is_constant(left) and is_constant(right)):
        return UNKNOWN
    try:
        return bool(function(left, right))
    except TypeError:
        return UNKNOWN


def equal(left: Value, right: Value) -> bool | None:
    """``left == right``; None if that cannot be told."""
    if is_constant(left) and is_constant(right):
        return bool(left == right)
    if isinstance(left, Qualified) and isinstance(right, Qualified):
        return left == right
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        answers = [equal(a, b) for a, b in zip(left, right, strict=True)]
        return None if None in answers else all(answers)
    return _identical(left, right) if isinstance(left, (ClassValue, Qualified)) else None


def _identical(left: Value, right: Value) -> bool | None:
    if is_constant(left) and is_constant(right):
        return left is right if left is None or right is None else left == right
    if right is None or left is None:
        other = left if right is None else right
        return False if isinstance(other, _OBJECTS) else None
    if isinstance(left, Qualified) and isinstance(right, Qualified):
        return left == right
    if isinstance(left, _OBJECTS) and isinstance(right, _OBJECTS):
        return left is right
    return None


def _contains(container: Value, item: Value) -> bool | None:
    if isinstance(container, str):
        return item in container if isinstance(item, str) else None
    if isinstance(container, DictValue) and container.items is UNKNOWN:
        return None
    items = sequence(container)
    if items is None:
        return None
    answers = [equal(resolved(other), item) for other in items]
    if True in answers:
        return True
    return None if None in answers else False
