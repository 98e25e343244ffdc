"""What the rules see of inits that set nothing, or nothing that stays: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor

#: "before": layers are made after it. "replaced": its layer is made anew after it. "copy": it sets
#: a copy. "variable": it gives a loop's variable another value. "unmatched": it fits no layer.
#: "uncalled": it is named and not called.
Form: TypeAlias = Literal["before", "replaced", "copy", "variable", "unmatched", "uncalled"]


@dataclass(frozen=True, slots=True)
class LostInit:
    """An init and what it misses.

    ``text`` is what the user wrote, ``names`` the layers that it misses, ``kind`` the class of the
    first of them in torch.nn.
    """

    anchor: Anchor
    form: Form
    text: str
    names: tuple[str, ...] = ()
    kind: str = ""
