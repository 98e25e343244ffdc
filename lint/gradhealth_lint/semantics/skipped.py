"""Branches that are not taken: whether what is switched off there has to do with gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import called

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Skipped:
    """A branch; ``instead`` says that it trains by itself, in place of one that does so too."""

    branch: cst.CSTNode
    instead: bool


def mentions_clipping(branch: cst.CSTNode) -> bool:
    """Whether a call in the branch clips, by its name."""
    return any("clip" in name or "clamp" in name for name in _called(branch))


def mentions_gradients(branch: cst.CSTNode) -> bool:
    """Whether a call in the branch computes, clears, changes or uses gradients, by its name."""
    return any("grad" in n or "backward" in n or n == "step" for n in _called(branch))


@lru_cache(maxsize=256)
def trains(branch: cst.CSTNode) -> bool:
    """Whether the branch goes backward and takes a step: what it leaves out, no other adds."""
    names = set(_called(branch))
    return "step" in names and bool({"backward", "manual_backward"} & names)


def _called(branch: cst.CSTNode) -> Iterator[str]:
    waiting: list[cst.CSTNode] = [branch]
    while waiting:
        node = waiting.pop()
        if node.__class__ is cst.Call:
            yield called(node).lower()
        waiting.extend(walking.children(node))
