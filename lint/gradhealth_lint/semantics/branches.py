"""Branches of which only one is taken, and what the test between them is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking

if TYPE_CHECKING:
    #: Undecided tests, each by the node it stands in, and whether they hold.
    Conditions = tuple[tuple[cst.CSTNode, bool], ...]

_CLIPPING: Final = re.compile(r"clip|clamp|norm|grad", re.IGNORECASE)


def excludes(one: Conditions, other: Conditions) -> cst.If | None:
    """The node with a test that holds under the one and not under the other.

    Of code in other files only the place that leads there is known, and no test.
    """
    for node, holds in one:
        for other_node, other_holds in other:
            if not isinstance(node, cst.If) or not isinstance(other_node, cst.If):
                continue
            if holds != other_holds and _same(node, other_node):
                return node
    return None


def is_about_clipping(branch: cst.If) -> bool:
    """Whether the test asks for clipping, by the names in it."""
    return any(_CLIPPING.search(name) for name in walking.names(branch.test))


def _same(one: cst.If, other: cst.If) -> bool:
    return one is other or one.test.deep_equals(other.test)
