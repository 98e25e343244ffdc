"""Nodes made without running their constructors."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

_Node = TypeVar("_Node", bound="cst.CSTNode")


class UnknownSyntaxError(Exception):
    """A construct that the conversion does not cover."""


def maker(kind: type[_Node], *given: str) -> Callable[..., _Node]:
    """A function from these fields, in this order, to a node; the others have their defaults.

    Nodes are frozen: their slots are set directly, which takes a sixth of the constructor's time.
    Defaults that are nodes are shared; they are layout, in which nothing is looked for.
    """
    new, members = kind.__new__, cast("Any", kind)
    puts = [getattr(members, name).__set__ for name in given]
    left = [
        (getattr(members, field.name).__set__, _default(field))
        for field in dataclasses.fields(kind)
        if field.name not in given
    ]

    def make(*values: object) -> _Node:
        node = new(kind)
        for put, value in zip(puts, values):  # noqa: B905  strict takes a fifth of the time
            put(node, value)
        for put, value in left:
            put(node, value)
        return node

    return make


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
