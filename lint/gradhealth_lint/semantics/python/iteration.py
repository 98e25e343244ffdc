"""What a loop runs over: known elements, or an assumed number of unknown ones."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Container, ParametersOf
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Assumed,
    Either,
    Instance,
    LengthOf,
    Shifted,
    Symbol,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Turns:
    """The elements a loop runs over; ``note`` says what was assumed, None if nothing was."""

    items: tuple[Value, ...]
    note: str | None = None


def turns(interpreter: Interpreter, value: Value, node: cst.BaseExpression) -> Turns:
    """What a loop over ``value``, written as ``node``, runs over."""
    value = folding.resolved(value)
    if isinstance(value, Symbol):
        value = bind_sequence(interpreter, value, 0)
    if isinstance(value, Assumed):
        return Turns(value.items, value.note)
    items = iterated(interpreter, value)
    if items is not None:
        return Turns(items)
    count = assumed_count(interpreter)
    return Turns((UNKNOWN,) * count, _note(f"the length of {_describe(node)}", count))


def iterated(interpreter: Interpreter, value: Value) -> tuple[Value, ...] | None:
    """The elements of an iterable; None if they are not known."""
    from gradhealth_lint.semantics.pytorch import modules

    value = folding.resolved(value)
    if isinstance(value, Container):
        pairs = value.fields["items"]
        if pairs is UNKNOWN:
            return None
        keys = value.kind == "ModuleDict"
        return tuple(name if keys else module for name, module in pairs)
    if isinstance(value, ParametersOf):
        return tuple(modules.parameters(value.owner, named=value.named))
    if isinstance(value, Instance) and value.is_module:
        return tuple(child for _, child in modules.children(value))
    if isinstance(value, Either):
        return None
    if isinstance(value, Symbol):
        return bind_sequence(interpreter, value, 0).items
    return folding.sequence(value)


@contextmanager
def noting(interpreter: Interpreter, note: str | None) -> Iterator[None]:
    """While this runs, what is made carries the note."""
    if note is None:
        yield
        return
    interpreter.notes.append(note)
    try:
        yield
    finally:
        interpreter.notes.pop()


def assumed_count(interpreter: Interpreter) -> int:
    """How often something of unknown number runs; inside another such thing, once."""
    return 1 if interpreter.notes else interpreter.limits.assumed_depth


def bind_sequence(interpreter: Interpreter, symbol: Symbol, offset: int) -> Assumed:
    """Give a symbol used as a sequence a length, such that ``len + offset`` repeats happen."""
    count = assumed_count(interpreter)
    items = (UNKNOWN,) * max(count - offset, 0)
    value = Assumed(items, _note(f"the length of {symbol.name}", len(items)))
    interpreter.store.write(symbol.fields, "value", value)
    return value


def count_up(interpreter: Interpreter, value: Value) -> Value:
    """``range(value)`` for a number that is known or that a symbol stands for."""
    value = folding.resolved(value)
    known = folding.whole(value)
    if known is not None:
        return range(known)
    count = assumed_count(interpreter)
    if isinstance(value, LengthOf):
        bound = bind_sequence(interpreter, value.symbol, value.offset)
        return Assumed(tuple(range(len(bound.items) + value.offset)), bound.note)
    if isinstance(value, (Symbol, Shifted)):
        symbol = value if isinstance(value, Symbol) else value.symbol
        total = count if isinstance(value, Symbol) else count - value.offset
        interpreter.store.write(symbol.fields, "value", total)
        return Assumed(tuple(range(count)), _note(symbol.name, total))
    return Assumed(tuple(range(count)), _note("a number of repeats", count))


def _note(what: str, count: int) -> str:
    return f"{what} is not known: {count} assumed"


def _describe(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Call):
        return f"{dotted(node.func) or 'a call'}(...)"
    return dotted(node) or "a sequence"
