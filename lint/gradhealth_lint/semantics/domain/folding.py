"""Constant folding: what operators give for the values the interpretation knows.

Never raises: whatever cannot be told, or would be absurdly large, is UNKNOWN.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.torch_values import Layer
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Assumed,
    ClassValue,
    Composed,
    DictValue,
    Either,
    Function,
    Instance,
    LengthOf,
    ListValue,
    Qualified,
    Shifted,
    Symbol,
    Value,
    is_constant,
    new_list,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longer lists and strings, and larger powers, are not computed.
_LARGEST: Final = 100_000
_LARGEST_EXPONENT: Final = 64

_BINARY: Final[dict[type[cst.CSTNode], Callable[[Value, Value], Value]]] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
    cst.Divide: operator.truediv,
    cst.FloorDivide: operator.floordiv,
    cst.Modulo: operator.mod,
    cst.Power: operator.pow,
    cst.BitAnd: operator.and_,
    cst.BitOr: operator.or_,
    cst.BitXor: operator.xor,
    cst.LeftShift: operator.lshift,
    cst.RightShift: operator.rshift,
    cst.AddAssign: operator.add,
    cst.SubtractAssign: operator.sub,
    cst.MultiplyAssign: operator.mul,
    cst.DivideAssign: operator.truediv,
    cst.FloorDivideAssign: operator.floordiv,
    cst.ModuloAssign: operator.mod,
    cst.PowerAssign: operator.pow,
}


#: What most values are.
_PLAIN: Final = frozenset(
    {type(UNKNOWN), int, float, str, bool, tuple, type(None), Instance, Layer, Qualified, Node}
)


def resolved(value: Value) -> Value:
    """The value of a symbol that has been given one; anything else as it is."""
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, Symbol):
        return value.fields.get("value", value)
    if isinstance(value, Shifted):
        base = value.symbol.fields.get("value")
        return base + value.offset if isinstance(base, int) else value
    if isinstance(value, LengthOf):
        base = value.symbol.fields.get("value")
        return len(base.items) + value.offset if isinstance(base, Assumed) else value
    return value


def whole(value: Value) -> int | None:
    """The value as an int, None if it is not a known whole number."""
    value = resolved(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return int(value) if isinstance(value, float) and value.is_integer() else None
    return value


def number(value: Value) -> float | None:
    """The value as a float, None if it is not a known number."""
    value = resolved(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def sequence(value: Value) -> tuple[Value, ...] | None:
    """The elements of a known list, tuple, range or assumed repetition."""
    value = resolved(value)
    if isinstance(value, tuple):
        return value
    if isinstance(value, ListValue):
        return None if value.items is UNKNOWN else value.items
    if isinstance(value, Assumed):
        return value.items
    if isinstance(value, range) and len(value) <= _LARGEST:
        return tuple(value)
    if isinstance(value, DictValue):
        return None if value.items is UNKNOWN else tuple(key for key, _ in value.items)
    if isinstance(value, str):
        return tuple(value)
    return None


def truth(value: Value) -> bool | None:
    """Whether the value is true; None if that cannot be told."""
    value = resolved(value)
    if is_constant(value):
        return bool(value)
    if isinstance(value, Either):
        answers = {truth(option) for option in value.options}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(value, (tuple, range)):
        return bool(value)
    if isinstance(value, (ListValue, DictValue)):
        return None if value.items is UNKNOWN else bool(value.items)
    if isinstance(value, (Layer, Instance, Function, ClassValue, Qualified)):
        return True
    return None


def binary(op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``left op right`` for values that are not tensors."""
    left, right = resolved(left), resolved(right)
    shifted = _shift(op, left, right)
    if shifted is not None:
        return shifted
    if isinstance(left, (ListValue, tuple, Assumed)) or isinstance(right, (ListValue, tuple)):
        return _sequences(op, left, right)
    function = _BINARY.get(type(op))
    if function is None or not (is_constant(left) and is_constant(right)):
        return UNKNOWN
    if isinstance(op, (cst.Power, cst.PowerAssign)) and not _small_power(left, right):
        return UNKNOWN
    if isinstance(op, cst.LeftShift) and not _small_power(left, right):
        return UNKNOWN
    if isinstance(left, str) or isinstance(right, str):
        other = right if isinstance(left, str) else left
        if isinstance(op, (cst.Modulo, cst.Multiply)) and not _short(other):
            return UNKNOWN
    try:
        result = function(left, right)
    except Exception:  # the program would fail here: there is no value
        return UNKNOWN
    if isinstance(result, complex):
        return UNKNOWN
    return Composed(result) if isinstance(result, str) else result


def _short(value: Value) -> bool:
    return not isinstance(value, int) or abs(value) <= _LARGEST_EXPONENT


def _small_power(left: Value, right: Value) -> bool:
    return (
        isinstance(left, (int, float))
        and isinstance(right, (int, float))
        and abs(right) <= _LARGEST_EXPONENT
        and abs(left) <= _LARGEST
    )


def _shift(op: cst.CSTNode, left: Value, right: Value) -> Value:
    if not isinstance(right, int) or not isinstance(left, (Symbol, Shifted, LengthOf)):
        return None
    if isinstance(op, (cst.Add, cst.AddAssign)):
        offset = int(right)
    elif isinstance(op, (cst.Subtract, cst.SubtractAssign)):
        offset = -int(right)
    else:
        return None
    if isinstance(left, Symbol):
        return Shifted(left, offset)
    return type(left)(left.symbol, left.offset + offset)


def _sequences(op: cst.CSTNode, left: Value, right: Value) -> Value:
    if isinstance(op, (cst.Add, cst.AddAssign)):
        first, second = sequence(left), sequence(right)
        if first is None or second is None:
            return new_list(UNKNOWN)
        both = first + second
        return both if isinstance(left, tuple) else new_list(both)
    if isinstance(op, (cst.Multiply, cst.MultiplyAssign)):
        items = sequence(left) if not isinstance(left, int) else sequence(right)
        times = whole(right if not isinstance(left, int) else left)
        if items is None or times is None or len(items) * max(times, 0) > _LARGEST:
            return UNKNOWN if isinstance(left, tuple) else new_list(UNKNOWN)
        repeated = items * max(times, 0)
        return repeated if isinstance(left, tuple) else new_list(repeated)
    return UNKNOWN


def unary(op: cst.CSTNode, value: Value) -> Value:
    """``op value`` for a value that is not a tensor."""
    if isinstance(op, cst.Not):
        known = truth(value)
        return UNKNOWN if known is None else not known
    value = resolved(value)
    if not isinstance(value, (int, float)):
        return UNKNOWN
    if isinstance(op, cst.Minus):
        return -value
    if isinstance(op, cst.Plus):
        return +value
    return ~value if isinstance(value, int) else UNKNOWN
