"""What the rules see of places in forward passes and losses where the gradient ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor


@dataclass(frozen=True, slots=True)
class LostCheckpoint:
    """A reentrant checkpoint of ``function`` none of whose tensors asks for a gradient.

    ``tensor`` is the first of them, ``told`` says that ``use_reentrant=True`` is written there.
    """

    anchor: Anchor
    function: str
    tensor: str
    told: bool


@dataclass(frozen=True, slots=True)
class CutOff:
    """Code that no gradient passes, and what gets none because of it.

    ``how`` is "detached" (``detach()``, ``.data``), "left" (numpy, lists), "remade" (a new tensor
    of the values), "stepped" (argmax, round, a comparison), or "unrecorded" (``no_grad``).
    ``owner`` is the module or the loss; ``lost`` names the attributes of the module whose layers
    get no gradient by any way, or the argument of the loss. ``whole`` says that nothing else of
    the owner gets one either; ``reserved`` that its names say that it is meant so.
    """

    anchor: Anchor
    how: str
    owner: str
    lost: tuple[str, ...]
    whole: bool
    reserved: bool
    is_loss: bool
    text: str
