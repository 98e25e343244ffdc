"""Mutable state with undo: how two branches of unknown outcome are both tried and then joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain.graph import Node, joined
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Drawn,
    InitCall,
    Layer,
    Leaf,
    Optimizer,
    Scaler,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Either,
    Instance,
    ListValue,
    Value,
    is_constant,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: More alternatives than this are as good as unknown.
_MOST_OPTIONS = 4
#: Stands for torch's own initialisation beside an init call that may not have run.
DEFAULT_INIT = "default"
_Table = dict[str, Value]


class Store:
    """Every write to a ``fields`` dict goes through here and is journaled while a branch runs."""

    def __init__(self) -> None:
        self._journals: list[dict[tuple[int, str], tuple[_Table, Value]]] = []

    def write(self, table: _Table, key: str, value: Value) -> None:
        """Set ``table[key]``; MISSING deletes it."""
        if self._journals:
            journal = self._journals[-1]
            journal.setdefault((id(table), key), (table, table.get(key, MISSING)))
        _put(table, key, value)

    def branch(self, arms: list[Callable[[], bool]]) -> None:
        """Run every arm from the same state, then join the states of those that return True.

        An arm returns False if control leaves it (raise, return, break): what it wrote is undone.
        """
        outcomes = []
        for arm in arms:
            self._journals.append({})
            try:
                survives = arm()
            finally:
                journal = self._journals.pop()
                after = {slot: table.get(slot[1], MISSING) for slot, (table, _) in journal.items()}
                for (_, key), (table, before) in journal.items():
                    _put(table, key, before)
            if survives:
                outcomes.append((journal, after))
        slots: dict[tuple[int, str], tuple[_Table, Value]] = {}
        for journal, _ in outcomes:
            for slot, entry in journal.items():
                slots.setdefault(slot, entry)
        for slot, (table, before) in slots.items():
            values = [after.get(slot, before) for _, after in outcomes]
            result = values[0]
            for value in values[1:]:
                result = join(result, value)
            self.write(table, slot[1], result)


def _put(table: _Table, key: str, value: Value) -> None:
    if value is MISSING:
        table.pop(key, None)
    else:
        table[key] = value


def join(left: Value, right: Value) -> Value:
    """What is known of a value that is one of the two."""
    if isinstance(left, InitCall) and right is MISSING:
        return Either((left, DEFAULT_INIT))
    if isinstance(right, InitCall) and left is MISSING:
        return Either((right, DEFAULT_INIT))
    if left is right or right is MISSING:
        return left
    if left is MISSING:
        return right
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, Node) and isinstance(right, Node):
        return joined(left, right)
    if is_constant(left) and is_constant(right) and type(left) is type(right) and left == right:
        return left
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        return tuple(join(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, ListValue) and isinstance(right, ListValue):
        return _joined_lists(left, right)
    if isinstance(left, Optimizer) and isinstance(right, Optimizer):
        return _joined_optimizers(left, right)
    options = _options(left) + [v for v in _options(right) if not _among(v, _options(left))]
    if len(options) == 1:
        return options[0]
    if len(options) <= _MOST_OPTIONS and all(_can_be_option(option) for option in options):
        return Either(tuple(options))
    return UNKNOWN


def _joined_lists(left: ListValue, right: ListValue) -> ListValue:
    same = left.items is not UNKNOWN and right.items is not UNKNOWN
    if same and len(left.items) == len(right.items):
        pairs = zip(left.items, right.items, strict=True)
        return ListValue({"items": tuple(join(a, b) for a, b in pairs)})
    return ListValue({"items": UNKNOWN})


def _joined_optimizers(left: Optimizer, right: Optimizer) -> Value:
    """One of two optimizers of the same parameters."""
    if left.owners != right.owners:
        return UNKNOWN
    kinds = sorted({*left.kind.split(" or "), *right.kind.split(" or ")})
    text = left.text if left.text == right.text else ""
    foreign = left.foreign or right.foreign
    return Optimizer(" or ".join(kinds), left.owners, text, foreign, left.loops, left.root)


def _options(value: Value) -> list[Value]:
    return list(value.options) if isinstance(value, Either) else [value]


def _among(value: Value, options: list[Value]) -> bool:
    if is_constant(value):
        return any(type(o) is type(value) and o == value for o in options)
    return any(option is value for option in options)


def _can_be_option(value: Value) -> bool:
    return is_constant(value) or isinstance(
        value, (Layer, Container, Instance, InitCall, Optimizer, Scaler, Drawn, Leaf)
    )
