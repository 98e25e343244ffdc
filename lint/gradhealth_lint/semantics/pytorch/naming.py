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

    The innermost scope that has it counts; there, what the user wrote where the optimizer was made.
    """
    if not isinstance(optimizer, Optimizer) or len(optimizer.owners) != 1:
        return ""
    written = optimizer.text.removesuffix(".parameters()")
    if written == optimizer.text or not is_module(optimizer.owners[0]):
        return ""
    for variables in _scopes(frame):
        names = list(_names(optimizer.owners[0], variables))
        if names:
            return written if written in names else names[0]
    return ""


def _names(module: Value, variables: dict[str, Value]) -> Iterator[str]:
    """Variables that are the module, then attributes of variables."""
    yield from (name for name, value in variables.items() if value is module)
    for name, value in variables.items():
        if isinstance(value, Instance):
            for attribute, inner in value.fields.items():
                if inner is module:
                    yield f"{name}.{attribute}"


def _scopes(frame: Frame) -> Iterator[dict[str, Value]]:
    """The variables that code in a frame can use, innermost scope first."""
    hidden: set[str] = set()
    scope: Frame | None = frame
    while scope is not None:
        if scope is frame or not scope.is_class:
            yield {
                name: value
                for name, value in scope.fields.items()
                if value is not MISSING and name not in hidden
            }
            hidden |= scope.fields.keys()
        scope = scope.parent
