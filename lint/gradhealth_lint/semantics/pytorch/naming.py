"""Under which names code at hand has a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain.torch_values import Optimizer, is_module
from gradhealth_lint.semantics.domain.values import MISSING, Instance, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.domain.values import Frame


def model_of(optimizer: Value, frame: Frame) -> str:
    """What code in a frame calls the module that an optimizer has all parameters of, "" if nothing.

    As the user wrote it where the optimizer was made, if that means the same thing here.
    """
    if not isinstance(optimizer, Optimizer) or len(optimizer.owners) != 1:
        return ""
    written = optimizer.text.removesuffix(".parameters()")
    if written == optimizer.text or not is_module(optimizer.owners[0]):
        return ""
    names = list(_names(optimizer.owners[0], frame))
    return written if written in names else next(iter(names), "")


def _names(module: Value, frame: Frame) -> Iterator[str]:
    """Variables that are the module, then attributes of variables, innermost scope first."""
    visible = _visible(frame)
    yield from (name for name, value in visible.items() if value is module)
    for name, value in visible.items():
        if isinstance(value, Instance):
            for attribute, inner in value.fields.items():
                if inner is module:
                    yield f"{name}.{attribute}"


def _visible(frame: Frame) -> dict[str, Value]:
    """What every name that code in a frame can use stands for."""
    found: dict[str, Value] = {}
    scope: Frame | None = frame
    while scope is not None:
        if scope is frame or not scope.is_class:
            for name, value in scope.fields.items():
                if value is not MISSING and name.isidentifier():
                    found.setdefault(name, value)
        scope = scope.parent
    return found
