"""Branches that are not taken: whether what is switched off there has to do with gradients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import called


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


def trains(branch: cst.CSTNode) -> bool:
    """Whether the branch goes backward and takes a step: what it leaves out, no other adds."""
    names = _called(branch)
    return "step" in names and not names.isdisjoint({"backward", "manual_backward"})


@lru_cache(maxsize=256)
def _called(branch: cst.CSTNode) -> frozenset[str]:
    """What is called in a branch; every turn of its loop asks again."""
    calls = (node for node in walking.within(branch) if node.__class__ is cst.Call)
    return frozenset(called(node).lower() for node in calls)
