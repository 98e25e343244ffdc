"""What is known of a tensor's numbers: an interval they fill, and whether a gradient goes there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import libcst as cst

#: Whether a tensor depends on parameters: surely not, perhaps, surely.
FIXED: Final = 0
PERHAPS: Final = 1
LEARNED: Final = 2
#: What stands for a number above 0 that is not told: the least exp.
TINY: Final = 1e-30
#: What stands for an eps by its name that is not told: 1 without it is not 1.
EPS: Final = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Risk:
    """An operation whose slope is infinite at a number that its operand can be."""

    node: cst.CSTNode
    operation: str
    operand: cst.CSTNode
    number: Number


@dataclass(frozen=True, slots=True)
class Number:
    """The numbers of a tensor.

    ``low`` and ``high`` are reached, not only bounds; they mean nothing unless ``known``.
    ``masked`` says that no gradient passes where it is 0, as after relu. ``given`` says that the
    interval is only what its name tells: probabilities. ``kind`` is the last telling operation.
    """

    learns: int = FIXED
    known: bool = False
    low: float = -math.inf
    high: float = math.inf
    masked: bool = False
    given: bool = False
    kind: str = ""
    risks: frozenset[Risk] = frozenset()
    #: Whether it surely is a float16 tensor.
    half: bool = False

    @property
    def constant(self) -> float | None:
        """The one number that it is, None if it is not known or not one."""
        return self.low if self.known and self.low == self.high else None

    def reaches(self, value: float) -> bool:
        """Whether it can be this number, as far as it is known."""
        return self.known and self.low <= value <= self.high

    def unknown(self) -> Number:
        """The same tensor after something that is not read."""
        return Number(self.learns, risks=self.risks, half=self.half)

    def part(self) -> Number:
        """One of several that a function gives: of probabilities it is probabilities too."""
        return self if self.kind in {"softmax", "sigmoid"} else self.unknown()

    def cut(self) -> Number:
        """The same numbers without their graph."""
        return replace(self, learns=FIXED, risks=frozenset())


def exactly(value: float) -> Number:
    """A number of the source."""
    return Number(known=True, low=value, high=value)


def made(low: float, high: float, *sources: Number, kind: str = "", masked: bool = False) -> Number:
    """Numbers between these, computed of ``sources``."""
    return Number(
        learned(sources),
        True,
        low,
        high,
        masked,
        kind=kind,
        risks=risks(sources),
        half=halved(sources),
    )


def unknown(*sources: Number) -> Number:
    """What depends on ``sources`` in a way that is not read."""
    return Number(learned(sources), risks=risks(sources), half=halved(sources))


def halved(sources: tuple[Number, ...]) -> bool:
    """Whether what is computed of these is float16: numbers of the source change no dtype."""
    tensors = [one for one in sources if one.constant is None]
    return bool(tensors) and all(one.half for one in tensors)


def learned(sources: tuple[Number, ...]) -> int:
    """How surely something computed of these depends on parameters."""
    return max((one.learns for one in sources), default=FIXED)


def risks(sources: tuple[Number, ...]) -> frozenset[Risk]:
    """The risks that a gradient to these would meet."""
    found = [one.risks for one in sources if one.risks]
    return frozenset().union(*found) if found else frozenset()


def join(left: Number, right: Number) -> Number:
    """One or the other."""
    if left == right:
        return left
    if not (left.known and right.known):
        return unknown(left, right)
    return Number(
        learned((left, right)),
        True,
        min(left.low, right.low),
        max(left.high, right.high),
        left.masked and right.masked,
        left.given or right.given,
        left.kind if left.kind == right.kind else "",
        risks((left, right)),
        halved((left, right)),
    )


def add(left: Number, right: Number) -> Number:
    """``left + right``."""
    if not (left.known and right.known):
        return unknown(left, right)
    masked = (left.masked or left.learns == FIXED) and (right.masked or right.learns == FIXED)
    low, high = left.low + right.low, left.high + right.high
    one = right if left.constant is not None else left
    kind = one.kind if left.constant == 0 or right.constant == 0 else ""
    return Number(
        learned((left, right)),
        True,
        -math.inf if math.isnan(low) else low,
        math.inf if math.isnan(high) else high,
        masked,
        left.given or right.given,
        kind,
        risks((left, right)),
        halved((left, right)),
    )


def negative(one: Number) -> Number:
    """``-one``."""
    return replace(one, low=-one.high, high=-one.low, kind="") if one.known else one


def multiply(left: Number, right: Number) -> Number:
    """``left * right``."""
    kind = "product"
    if not (left.known and right.known):
        return replace(unknown(left, right), kind=kind)
    corners = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    scaled = left.constant is not None or right.constant is not None
    if left.kind == right.kind == "unit":
        kind = "product of units"
    if left.kind.endswith("norm") and right.kind.endswith("norm"):
        kind = "product of norms"
    return Number(
        learned((left, right)),
        True,
        min(corners),
        max(corners),
        scaled and (left.masked or right.masked),
        left.given or right.given,
        kind,
        risks((left, right)),
        halved((left, right)),
    )


def square(one: Number) -> Number:
    """``one ** 2``: whatever it is, 0 is the least it can be, unless it is never 0."""
    high = max(one.low * one.low, one.high * one.high) if one.known else math.inf
    nearest = 0.0 if not one.known or one.reaches(0) else min(abs(one.low), abs(one.high))
    return made(nearest * nearest, high, one, kind="square")


def _times(left: float, right: float) -> float:
    return 0.0 if left == 0 or right == 0 else left * right
