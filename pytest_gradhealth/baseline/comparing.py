"""Two profiles held against each other: which layer is which, and whose gradient has changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_gradhealth.baseline.golden import Golden, GoldenLayer
    from pytest_gradhealth.limits import Limits

_LARGEST: Final = 700.0  # whose exponential is still a float


@dataclass(frozen=True, slots=True)
class Change:
    """One layer in both profiles.

    Attributes:
        now: The layer as it is.
        was: The layer as it was kept; under another path where it was renamed.
        factor: Its share over what it was; both at least ``baseline_floor``.
        allowed: By which factor, or one over it, it may differ.
    """

    now: GoldenLayer
    was: GoldenLayer
    factor: float
    allowed: float

    @property
    def is_moved(self) -> bool:
        """Whether the difference is larger than the noise and the limit allow."""
        return not 1 / self.allowed <= self.factor <= self.allowed


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two profiles of one model, layers in forward order.

    Attributes:
        changes: Layers in both.
        added: Layers that the kept profile does not have.
        removed: Layers that the model no longer has.
        path: The file, ``""`` where there is none.
        written: Whether the file was written.
    """

    changes: tuple[Change, ...]
    added: tuple[GoldenLayer, ...] = ()
    removed: tuple[GoldenLayer, ...] = ()
    path: str = ""
    written: bool = False

    @property
    def moved(self) -> tuple[Change, ...]:
        """The layers whose gradient has changed."""
        return tuple(change for change in self.changes if change.is_moved)

    @property
    def renamed(self) -> tuple[Change, ...]:
        """The layers that have another path."""
        return tuple(change for change in self.changes if change.now.path != change.was.path)

    @property
    def matches(self) -> bool:
        """Whether every layer is there, with the gradient it had."""
        return not (self.moved or self.added or self.removed)


def compared(was: Golden, now: Golden, limits: Limits, ignore: Iterable[str] = ()) -> Comparison:
    """Two profiles, layer by layer.

    A layer is known again by its path; where that is new, by its class and its weight's shape at
    the same place among the other new ones, so that a renamed block is no other block.

    Args:
        was: The profile that was kept.
        now: The model's profile.
        limits: Thresholds.
        ignore: ``fnmatch`` patterns of layers that are left out.
    """
    patterns = tuple(ignore)

    def kept(layers: Sequence[GoldenLayer]) -> list[GoldenLayer]:
        return [one for one in layers if not any(fnmatchcase(one.path, p) for p in patterns)]

    before, after = kept(was.layers), kept(now.layers)
    known = {one.path: one for one in before}
    present = {one.path for one in after}
    gone = [one for one in before if one.path not in present]
    new = [one for one in after if one.path not in known]
    renamed = _renamed(gone, new)
    pairs = [(one, known.get(one.path) or renamed.get(one.path)) for one in after]
    used = {one.path for one in renamed.values()}
    return Comparison(
        changes=tuple(_change(one, old, limits) for one, old in pairs if old is not None),
        added=tuple(one for one, old in pairs if old is None),
        removed=tuple(one for one in gone if one.path not in used),
    )


def _renamed(gone: Sequence[GoldenLayer], new: Sequence[GoldenLayer]) -> dict[str, GoldenLayer]:
    """New path -> the layer it was before."""
    old_keys = [(one.kind, one.weight) for one in gone]
    new_keys = [(one.kind, one.weight) for one in new]
    blocks = SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_matching_blocks()
    return {
        new[block.b + step].path: gone[block.a + step]
        for block in blocks
        for step in range(block.size)
    }


def _change(now: GoldenLayer, was: GoldenLayer, limits: Limits) -> Change:
    floor = limits.baseline_floor
    factor = max(now.share, floor) / max(was.share, floor)
    noise = limits.baseline_noise * math.log(max(now.noise, was.noise))
    allowed = max(limits.baseline_factor, math.exp(min(noise, _LARGEST)))
    return Change(now, was, factor, allowed)
