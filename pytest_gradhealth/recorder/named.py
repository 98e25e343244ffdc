"""Tensors in nested containers under names: what a model is called with and what it returns."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

_NESTING_LIMIT = 8  # a cycle must not hang the walk


def named_tensors(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor with its path, such as ``logits``, ``0`` or ``hidden_states.2``.

    A lone tensor has the name ``""``. Containers and dataclasses as in ``batch.tensors_in``.
    """
    if isinstance(value, Tensor):
        yield name, value
    elif depth < _NESTING_LIMIT:
        for key, item in _items(value):
            yield from named_tensors(item, f"{name}.{key}" if name else str(key), depth + 1)


def replaced(
    value: Any, change: Callable[[str, Tensor], Tensor], name: str = "", depth: int = 0
) -> Any:
    """The same structure with every tensor exchanged; what holds none stays the same object."""
    if isinstance(value, Tensor):
        return change(name, value)
    if depth >= _NESTING_LIMIT:
        return value
    old = dict(_items(value))
    new = {
        key: replaced(item, change, f"{name}.{key}" if name else str(key), depth + 1)
        for key, item in old.items()
    }
    if all(new[key] is old[key] for key in old):
        return value
    return _rebuilt(value, new)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, PackedSequence):
        yield "data", value.data
    elif isinstance(value, tuple | list):
        fields = getattr(value, "_fields", None)
        yield from zip(fields, value, strict=True) if fields else enumerate(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield field.name, getattr(value, field.name, None)


def _rebuilt(value: Any, new: dict[Any, Any]) -> Any:
    if type(value) is dict:
        return new
    if isinstance(value, PackedSequence):
        return value._replace(data=new["data"])
    if isinstance(value, tuple | list):
        fields = getattr(value, "_fields", None)
        return type(value)(**new) if fields else type(value)(new.values())
    made = copy.copy(value)
    for key, item in new.items():
        if isinstance(value, Mapping):
            made[key] = item
        else:
            setattr(made, key, item)
    return made
