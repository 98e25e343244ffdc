"""Whether a module is known to its last part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain.torch_values import Container, Layer, is_module
from gradhealth_lint.semantics.domain.values import UNKNOWN, Either, Instance, Qualified, Symbol
from gradhealth_lint.semantics.pytorch import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.domain.values import Value


def is_in_view(module: Value) -> bool:
    """Whether every layer of a module, and every attribute that may hold one, has been read."""
    return is_module(module) and all(_is_known(one) for _, one in modules.named_modules(module))


def _is_known(module: Value) -> bool:
    if isinstance(module, Layer):
        return True
    if isinstance(module, Container):
        pairs = module.fields["items"]
        return pairs is not UNKNOWN and all(is_module(value) for _, value in pairs)
    if not isinstance(module, Instance):
        return False
    bases = all(_is_root(base) for base in module.cls.bases)
    return bases and not any(_is_open(value) for value in _held(module))


def _held(module: Instance) -> Iterator[Value]:
    for value in module.fields.values():
        yield from value.options if isinstance(value, Either) else (value,)


def _is_root(base: Value) -> bool:
    return isinstance(base, Qualified) and base.name.startswith("torch.nn.")


def _is_open(value: Value) -> bool:
    """Whether an attribute may hold a layer that is not read."""
    return value is UNKNOWN or isinstance(value, (Symbol, Qualified))
