"""Builtins that make, measure and rearrange sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    ParametersOf,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Assumed,
    DictValue,
    Instance,
    LengthOf,
    ListValue,
    Symbol,
    Value,
    new_dict,
    new_list,
)
from gradhealth_lint.semantics.python import iteration

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter

    Handler = Callable[[Interpreter, Arguments, cst.CSTNode], Value]


def range_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``range(...)``; an untold length becomes an assumed one."""
    given = arguments.positional
    if len(given) == 1:
        return iteration.count_up(interpreter, given[0])
    bounds = [folding.whole(value) for value in given]
    if not bounds or None in bounds or bounds[-1] == 0:
        if len(given) == 2 and bounds and bounds[0] is not None:  # noqa: PLR2004
            rest = folding.binary(cst.Subtract(), given[1], bounds[0])
            counted = iteration.count_up(interpreter, rest)
            items = folding.sequence(counted) or ()
            moved = tuple(bounds[0] + item for item in items)
            return Assumed(moved, counted.note) if isinstance(counted, Assumed) else moved
        return UNKNOWN
    return range(*(bound for bound in bounds if bound is not None))


def len_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``len(value)``; of an untold sequence, a number that can still be told."""
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    if isinstance(value, Symbol):
        return LengthOf(value)
    if isinstance(value, (range, str)):
        return len(value)
    if isinstance(value, Container):
        items: Value = value.fields["items"]
        return UNKNOWN if items is UNKNOWN else len(items)
    if not isinstance(value, (ListValue, DictValue, tuple, Assumed, Instance)):
        return UNKNOWN
    items = iteration.iterated(interpreter, value)
    return UNKNOWN if items is None else len(items)


def enumerate_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``enumerate(iterable, start)``."""
    bound = arguments.bind("iterable", "start")
    start = folding.whole(bound.get("start", 0)) or 0
    value = folding.resolved(bound.get("iterable", UNKNOWN))
    items = iteration.iterated(interpreter, value)
    if items is None:
        return UNKNOWN
    pairs = tuple((start + index, item) for index, item in enumerate(items))
    return _with_note(folding.resolved(value), pairs)


def zip_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``zip(...)`` of sequences that are all known or assumed."""
    values = [folding.resolved(value) for value in arguments.positional]
    columns = [iteration.iterated(interpreter, value) for value in values]
    known = [column for column in columns if column is not None]
    if not known or arguments.open or len(known) < len(columns):
        return UNKNOWN
    rows = tuple(zip(*known, strict=False))
    notes = [folding.resolved(value) for value in values]
    assumed = next((value for value in notes if isinstance(value, Assumed)), None)
    return rows if assumed is None else Assumed(rows, assumed.note)


def _with_note(source: Value, items: tuple[Value, ...]) -> Value:
    return Assumed(items, source.note) if isinstance(source, Assumed) else items


def reversed_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``reversed(iterable)``."""
    value = folding.resolved(arguments.positional[0]) if arguments.positional else UNKNOWN
    items = iteration.iterated(interpreter, value)
    return UNKNOWN if items is None else _with_note(folding.resolved(value), items[::-1])


def list_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``list(iterable)``; also set, iter and deque."""
    if not arguments.positional:
        return new_list(())
    value = folding.resolved(arguments.positional[0])
    if isinstance(value, (Assumed, Symbol)):
        return value
    items = iteration.iterated(interpreter, value)
    return new_list(UNKNOWN if items is None else items)


def tuple_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``tuple(iterable)``."""
    value = list_(interpreter, arguments, _)
    return value.items if isinstance(value, ListValue) else value


def dict_(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    """``dict(...)`` and ``OrderedDict(...)``."""
    pairs: list[tuple[Value, Value]] = []
    if arguments.open:
        return new_dict(UNKNOWN)
    if arguments.positional:
        first = folding.resolved(arguments.positional[0])
        rows = first.items if isinstance(first, DictValue) else folding.sequence(first)
        if rows is None or rows is UNKNOWN:
            return new_dict(UNKNOWN)
        for row in rows:
            if not isinstance(row, tuple) or len(row) != 2:  # noqa: PLR2004
                return new_dict(UNKNOWN)
            pairs.append(row)
    pairs.extend(arguments.keywords.items())
    return new_dict(pairs)


def map_(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """``map(function, iterable)``."""
    from gradhealth_lint.semantics.python import calls

    if len(arguments.positional) != 2:  # noqa: PLR2004
        return UNKNOWN
    items = iteration.iterated(interpreter, arguments.positional[1])
    if items is None:
        return UNKNOWN
    function = arguments.positional[0]
    return new_list(
        calls.call(interpreter, function, Arguments([item], {}), node) for item in items
    )


def filter_(_: Interpreter, arguments: Arguments, __: cst.CSTNode) -> Value:
    """Of parameters, the question is only whose they are; which pass is not asked."""
    last = arguments.positional[-1] if arguments.positional else UNKNOWN
    return last if isinstance(last, ParametersOf) else UNKNOWN


def chain_(interpreter: Interpreter, arguments: Arguments, _: cst.CSTNode) -> Value:
    """``itertools.chain(...)``."""
    columns = [iteration.iterated(interpreter, value) for value in arguments.positional]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns) or arguments.open:
        return UNKNOWN
    return tuple(item for column in known for item in column)
