"""How the call is written that makes probabilities of logits: what a fix needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor


@dataclass(frozen=True, slots=True)
class Squashing:
    """The call of a softmax or sigmoid.

    ``form`` is "made" of a layer that is only made, ``nn.Softmax(dim=1)``; "layer" of one that is
    applied, "function" or "method" of ``x.softmax(dim=1)``. ``given`` is what it is applied to,
    None of one that is made; ``rest`` are its other arguments as they are written, "dim=1".
    ``direct`` says that it stands in the loss or logarithm itself, or could: what it is given is
    still the same there; ``idle`` that
    without it the statement says nothing: ``x = softmax(x)``; ``lone`` that the name it is given
    is read in one place only, or it has none.
    """

    form: str
    given: Anchor | None
    rest: str
    direct: bool
    idle: bool
    lone: bool
