"""Operations whose slope is infinite somewhere, on numbers that a gradient goes back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor


@dataclass(frozen=True, slots=True)
class Unit:
    """``x / x.norm(dim=dim, keepdim=True)``: what ``anchor`` stands for is divided by its norm."""

    anchor: Anchor
    dim: str


@dataclass(frozen=True, slots=True)
class Steep:
    """One such operation, whose operand can be where the slope is infinite.

    ``operation`` is "log", "log1p", "sqrt", "rsqrt", "hypot", "acos", "asin", "atanh", or "norm"
    of a division by one or by a standard deviation; "naive softmax", "naive sigmoid", "naive
    tanh", "naive logsumexp", "naive softplus" of one that is written out; "lost eps",
    "lost eps of optimizer" of one that is 0 in float16. ``switched`` says that a ``torch.where``
    at this place guards its value.
    ``kind`` is the operation that made the operand: "softmax", "square", "clamp"; "given" of an
    argument that is named like probabilities. ``low`` and ``high`` are the numbers it reaches,
    infinite if not known. The texts are the user's own.
    """

    anchor: Anchor
    operation: str
    switched: bool
    kind: str
    low: float
    high: float
    text: str
    operand: str
    #: The operand's place, and what a division by a norm divides, if that is the norm's own.
    given: Anchor
    unit: Unit | None = None
