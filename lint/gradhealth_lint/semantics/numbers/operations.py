"""What torch's functions make of numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.numbers import moving, overflowing
from gradhealth_lint.semantics.numbers.number import (
    TINY,
    Number,
    add,
    made,
    multiply,
    negative,
    square,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_INF: Final = math.inf
#: Functions of one tensor whose results fill an interval, whatever they are given.
_FILLING: Final[dict[str, tuple[float, float]]] = {
    "sigmoid": (0.0, 1.0),
    "expit": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "log_softmax": (-_INF, 0.0),
    "logsigmoid": (-_INF, 0.0),
    "tanh": (-1.0, 1.0),
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "cosine_similarity": (-1.0, 1.0),
    "normalize": (-1.0, 1.0),
    "softplus": (TINY, _INF),
    "var": (0.0, _INF),
    "std": (0.0, _INF),
    "mse_loss": (0.0, _INF),
    "l1_loss": (0.0, _INF),
    "smooth_l1_loss": (0.0, _INF),
    "huber_loss": (0.0, _INF),
    "norm": (0.0, _INF),
    "vector_norm": (0.0, _INF),
    "cdist": (0.0, _INF),
    "dist": (0.0, _INF),
    "hypot": (0.0, _INF),
    "pairwise_distance": (TINY, _INF),
}
#: What a norm is in a division: something that is 0 where all its entries are. The root of a sum
#: of squares is one too, and is judged itself.
NORMS: Final = frozenset({"norm", "vector_norm", "cdist", "dist", "product of norms"})
ROOT: Final = "root of squares"
#: What is 0 where all entries are the same, and whose norm is not 0 unless it is made so; what was
#: picked by a mask was picked for a reason.
SPREAD: Final = "std"
_NEVER_ZERO: Final = frozenset({"parameter", "softmax", "sigmoid", "unit", "picked"})
#: Half of the distance from 1 to the number of float32 below it.
_ULP: Final = 2.0**-25
_EXTREME: Final = frozenset({"max", "min", "amax", "amin", "median", "mean", "nanmean"})
_TOTAL: Final = frozenset({"sum", "nansum", "cumsum"})
_PRODUCTS: Final = frozenset(
    {"matmul", "mm", "bmm", "dot", "einsum", "inner", "mv", "outer", "linear", "vdot", "bilinear"}
)
_PROBABILITIES: Final = frozenset({"softmax", "sigmoid"})


def apply(name: str, given: Sequence[Number], named: Mapping[str, Number]) -> Number | None:
    """The result of a function or method of torch on numbers; None if it is not known."""
    if not given:
        return None
    first, rest = given[0], tuple(given[1:])
    plain = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    moved = moving.apply(plain, given)
    if moved is not None:
        return moved
    if plain in _FILLING:
        low, high = _FILLING[plain]
        kind = {"normalize": "unit", "expit": "sigmoid"}.get(plain, plain)
        if plain in NORMS and _is_never_zero(first):
            low = TINY
        sources = (*given, *named.values()) if plain.endswith(("loss", "similarity")) else given
        return made(low, high, *sources, kind=kind)
    if plain in _EXTREME or plain in _TOTAL:
        return _reduced(plain, first, rest)
    if plain in _PRODUCTS:
        return _product(given)
    handler = _HANDLERS.get(plain)
    return None if handler is None else handler(first, rest, named)


def _is_never_zero(one: Number) -> bool:
    """Whether a norm of these numbers is above 0."""
    return one.kind in _NEVER_ZERO or (one.known and (one.low > 0 or one.high < 0))


def _product(given: Sequence[Number]) -> Number:
    kinds = [one.kind for one in given[-2:]]
    if kinds == ["unit", "unit"]:
        return made(-1.0, 1.0, *given, kind="cosine_similarity")
    if len(kinds) > 1 and NORMS.issuperset(kinds):
        return multiply(given[-2], given[-1])
    return made(-_INF, _INF, *given, kind="a product")


def _reduced(name: str, first: Number, rest: tuple[Number, ...]) -> Number:
    summed = overflowing.total(first.kind) if name in _TOTAL or name == "mean" else None
    if summed is not None:
        return replace(first, kind=summed, high=_INF)
    if name in _TOTAL and first.kind == "product of units":
        return made(-1.0, 1.0, first, kind="cosine_similarity")
    if name in _TOTAL and first.kind == "product":
        return made(-_INF if first.low < 0 else first.low, _INF, first, kind="a product")
    pairs = name in {"max", "min"} and any(one.constant is None for one in rest)
    if not first.known or first.kind in _PROBABILITIES or first.given or pairs:
        return unknown(first, *rest)
    if name in _EXTREME:
        return replace(first, kind="" if first.kind == "unit" else first.kind)
    low = -_INF if first.low < 0 else first.low
    high = _INF if first.high > 0 else first.high
    return replace(first, low=low, high=high)


def _clamp(first: Number, rest: tuple[Number, ...], named: Mapping[str, Number]) -> Number:
    bounds = dict(zip(("min", "max"), rest, strict=False)) | dict(named)
    low, high = bounds.get("min"), bounds.get("max")
    if low is not None and not low.known:
        return unknown(first)
    known = first if first.known else Number(first.learns, True, risks=first.risks)
    least = known.low if low is None else max(known.low, _in_float32(low.low))
    most = known.high
    if high is not None and high.known:
        most = min(most, _in_float32(high.high))
    if not first.known and low is None:
        return unknown(first)
    # Nothing passes where the bound holds a number up; at the bound itself the gradient does.
    masked = (
        low is not None
        and low.constant is not None
        and low.low >= 0
        and (first.masked or not first.known or first.low < low.low)
    )
    return replace(
        known, low=least, high=max(least, most), masked=masked, given=False, kind="clamp"
    )


def _in_float32(value: float) -> float:
    """What a bound is in a tensor: 1 - 1e-8 is 1."""
    rounded = round(value)
    if abs(value - rounded) < _ULP and rounded in {-1, 1}:
        return float(rounded)
    return value


def _relu(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    low, high = (max(first.low, 0.0), max(first.high, 0.0)) if first.known else (0.0, _INF)
    return made(low, high, first, kind="relu", masked=True)


def _absolute(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    high = max(abs(first.low), abs(first.high)) if first.known else _INF
    low = 0.0 if not first.known or first.reaches(0) else min(abs(first.low), abs(first.high))
    return made(low, high, first, kind="abs")


def _exponential(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    low = TINY
    if first.known and first.low > -60:  # noqa: PLR2004
        low = math.exp(min(first.low, 80.0))
    high = math.exp(first.high) if first.known and first.high < 80 else _INF  # noqa: PLR2004
    return made(low, high, first, kind="exp")


def _root(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    if not first.known or first.low < 0:
        return unknown(first)
    kind = ROOT if first.kind == "square" else "sqrt"
    return made(math.sqrt(first.low), math.sqrt(first.high), first, kind=kind)


def _logarithm(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    high = _INF if not first.known or first.high <= 0 else math.log(first.high)
    low = -_INF if not first.known or first.low <= 0 else math.log(first.low)
    return made(low, high, first) if first.known else unknown(first)


def added(left: Number, right: Number) -> Number:
    """``left + right``."""
    result = add(left, right)
    kind = overflowing.added(left, right)
    return replace(result, kind=kind) if kind else result


def subtracted(left: Number, right: Number) -> Number:
    """``left - right``."""
    return overflowing.subtracted(left, right, add(left, negative(right)))


def multiplied(left: Number, right: Number) -> Number:
    """``left * right``."""
    result = multiply(left, right)
    kind = overflowing.multiplied(left, right)
    return replace(result, kind=kind) if kind else result


def negated(one: Number) -> Number:
    """``-one``."""
    if one.known or one.kind == overflowing.DIFFERENCE:
        return negative(one)
    return replace(one, kind=overflowing.MINUS)


def _sum(first: Number, rest: tuple[Number, ...], named: Mapping[str, Number]) -> Number:
    other = rest[0] if rest else named.get("other")
    return unknown(first) if other is None or "alpha" in named else added(first, other)


def _difference(first: Number, rest: tuple[Number, ...], named: Mapping[str, Number]) -> Number:
    other = rest[0] if rest else named.get("other")
    return unknown(first) if other is None or "alpha" in named else subtracted(first, other)


def _times(first: Number, rest: tuple[Number, ...], named: Mapping[str, Number]) -> Number:
    other = rest[0] if rest else named.get("other")
    return unknown(first) if other is None else multiplied(first, other)


def _square(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    return square(first)


def _trace(first: Number, _: tuple[Number, ...], __: Mapping[str, Number]) -> Number:
    return made(-1.0, 3.0, first, kind="trace")


_HANDLERS: Final[
    dict[str, Callable[[Number, tuple[Number, ...], Mapping[str, Number]], Number]]
] = {
    **dict.fromkeys(("clamp", "clip", "clamp_min"), _clamp),
    "clamp_max": lambda first, rest, _: _clamp(first, (), {"max": rest[0]} if rest else {}),
    "relu": _relu,
    "relu6": _relu,
    **dict.fromkeys(("abs", "absolute"), _absolute),
    **dict.fromkeys(("exp", "exp2"), _exponential),
    "sqrt": _root,
    **dict.fromkeys(("log", "log2", "log10"), _logarithm),
    "square": _square,
    "add": _sum,
    **dict.fromkeys(("sub", "subtract"), _difference),
    **dict.fromkeys(("neg", "negative"), lambda first, _, __: negated(first)),
    **dict.fromkeys(("mul", "multiply"), _times),
    "trace": _trace,
}
