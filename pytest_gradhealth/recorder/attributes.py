"""What modules hold besides tensors: attributes, hooks and the built-in containers among them."""

from __future__ import annotations

import operator
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

_MAPPINGS = (dict, OrderedDict, defaultdict, Counter)
_CONTAINERS = frozenset({*_MAPPINGS, list, set, deque})


def held_by(modules: Iterable[object]) -> tuple[list[Tensor], list[Any]]:
    """Every tensor and every built-in container behind the modules' attributes, at any depth.

    Parameters, buffers and plain attributes. An object of a foreign class is not looked into. A
    container may come up more than once where it is empty.
    """
    tensors: list[Tensor] = []
    containers: list[Any] = []
    seen: set[int] = set()
    stack: list[Any] = [value for module in modules for value in vars(module).values()]
    while stack:
        value = stack.pop()
        if type(value) in _CONTAINERS:
            if not value:  # most are: a module has a dozen dicts of hooks
                containers.append(value)
                continue
        elif not isinstance(value, Tensor | tuple):
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            tensors.append(value)
            continue
        if type(value) in _CONTAINERS:
            containers.append(value)
        stack.extend(value.values() if type(value) in _MAPPINGS else value)
    return tensors, containers


def keep_attributes(modules: Iterable[object], containers: list[Any]) -> Callable[[], None]:
    """Remember every module's attributes and the containers' items.

    The returned function puts everything back and touches only what differs.
    """
    attributes = [(vars(module), vars(module).copy()) for module in modules]
    empty = [container for container in containers if not container]
    filled = [(container, container.copy()) for container in containers if container]

    def put_back() -> None:
        for current, kept in attributes:
            _refill(current, kept)
        for container in empty:
            if container:
                container.clear()
        for container, kept in filled:
            _refill(container, kept)

    return put_back


def _refill(container: Any, kept: Any) -> None:
    if type(container) in _MAPPINGS:
        if not (_same(container.values(), kept.values()) and list(container) == list(kept)):
            container.clear()
            container.update(kept)
    elif isinstance(container, set):
        if container != kept:
            container.clear()
            container.update(kept)
    elif not _same(container, kept):
        container.clear()
        container.extend(kept)


def _same(left: Any, right: Any) -> bool:
    return len(left) == len(right) and all(map(operator.is_, left, right))
