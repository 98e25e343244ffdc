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

    Nodes are frozen: their slots are set directly, which takes a sixth of the constructor's time,
    and one by one in a function written for the kind, which takes two thirds of a loop's.
    Defaults that are nodes are shared; they are layout, in which nothing is looked for.
    """
    left = {field.name: field for field in dataclasses.fields(kind) if field.name not in given}
    known: dict[str, object] = {"kind": kind, "new": kind.__new__}
    for name in (*given, *left):
        known[f"set_{name}"] = getattr(cast("Any", kind), name).__set__
    known |= {name: _default(field) for name, field in left.items()}
    body = [f"    set_{name}(node, {name})" for name in (*given, *left)]
    lines = [f"def make({', '.join(given)}):", "    node = new(kind)", *body, "    return node"]
    exec("\n".join(lines), known)
    return cast("Callable[..., _Node]", known["make"])


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
