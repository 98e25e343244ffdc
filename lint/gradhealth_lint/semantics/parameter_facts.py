"""What the rules see of parameters made by hand: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.network_facts import Init
    from gradhealth_lint.semantics.places import Anchor


@dataclass(frozen=True, slots=True)
class HandMade:
    """A trained tensor that is made with torch's functions and not by a layer.

    ``anchor`` is what set its numbers last, ``init`` that as an init of torch.nn.init, "empty" if
    nothing did, None if it is not known. ``owner`` is the class that holds it, "" if none does,
    ``text`` the name it was first given. Fans are those of its first product.
    """

    anchor: Anchor
    owner: str
    text: str
    init: Init | None
    dimensions: int | None
    fan_in: int | None = None
    fan_out: int | None = None
    #: Whether a signal is multiplied by it as by a matrix, and whether that is rescaled at once.
    multiplies: bool = False
    rescaled: bool = False
    #: Whether it is unset and all that could set it is in view.
    overseen: bool = False
