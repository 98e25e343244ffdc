"""What a test says of the numbers it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.numbers.number import Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.numbers.scope import Scope

#: What of a tensor says nothing of its numbers.
_SHAPES: Final = frozenset({"shape", "size", "dim", "ndim", "dtype", "device", "numel", "training"})


def narrow(test: cst.CSTNode, scope: Scope) -> None:
    """What is compared with a number is looked after: nothing more is said of it."""
    for name in _looked_at(test):
        value = scope.names.get(name)
        if isinstance(value, Number) and value.known and value.constant is None:
            scope.names[name] = value.unknown()


def _looked_at(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Attribute) and node.attr.value in _SHAPES:
        return
    if isinstance(node, cst.Name):
        yield node.value
    for child in walking.children(node):
        yield from _looked_at(child)
