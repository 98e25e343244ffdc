"""Methods of lists, dicts and strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Composed,
    DictValue,
    ListValue,
    Value,
    is_constant,
    new_list,
)
from gradhealth_lint.semantics.python import iteration

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_STRING_METHODS: Final = frozenset(
    {"find", "rfind", "lower", "upper", "startswith", "endswith", "strip", "replace", "count",
     "capitalize", "title", "lstrip", "rstrip", "removeprefix", "removesuffix"}
)  # fmt: skip


def of_list(
    interpreter: Interpreter, receiver: ListValue, name: str, arguments: Arguments
) -> Value:
    """``list.name(...)`` on a list whose elements may be known."""
    items, given = receiver.items, arguments.positional
    if name in {"append", "add", "appendleft"} and given:
        interpreter.activity += 1
        added: Value = UNKNOWN
        if items is not UNKNOWN:
            added = (given[0], *items) if name == "appendleft" else (*items, given[0])
        interpreter.store.write(receiver.fields, "items", added)
        return None
    if name == "extend" and given:
        more = iteration.iterated(interpreter, given[0])
        known = more is not None and items is not UNKNOWN
        interpreter.activity += 1
        interpreter.store.write(receiver.fields, "items", (*items, *more) if known else UNKNOWN)  # type: ignore[misc]
        return None
    if name == "insert" and len(given) > 1:
        index = folding.whole(given[0])
        changed: Value = UNKNOWN
        if items is not UNKNOWN and index is not None:
            elements = list(items)
            elements.insert(index, given[1])
            changed = tuple(elements)
        interpreter.store.write(receiver.fields, "items", changed)
        return None
    if name == "copy":
        return new_list(items)
    if name in {"pop", "remove", "clear", "sort", "reverse"}:
        return _shrink(interpreter, receiver, name, given)
    return UNKNOWN


def _shrink(interpreter: Interpreter, receiver: ListValue, name: str, given: list[Value]) -> Value:
    items = receiver.items
    result: Value = UNKNOWN
    left: Value = UNKNOWN
    if items is not UNKNOWN:
        index = folding.whole(given[0]) if given else -1
        if name == "pop" and index is not None and -len(items) <= index < len(items):
            elements = list(items)
            result = elements.pop(index)
            left = tuple(elements)
        elif name == "reverse":
            left, result = items[::-1], None
        elif name == "clear":
            left, result = (), None
    interpreter.store.write(receiver.fields, "items", left)
    return result


def of_dict(
    interpreter: Interpreter, receiver: DictValue, name: str, arguments: Arguments
) -> Value:
    """``dict.name(...)`` on a dict whose pairs may be known."""
    items, given = receiver.items, arguments.positional
    if name in {"get", "setdefault", "pop"} and given:
        value = receiver.lookup(folding.resolved(given[0]))
        default = given[1] if len(given) > 1 else None
        return default if value is MISSING else value
    if items is UNKNOWN:
        return UNKNOWN
    if name == "items":
        return new_list(items)
    if name == "keys":
        return new_list(key for key, _ in items)
    if name == "values":
        return new_list(value for _, value in items)
    if name == "update":
        more = given[0] if given else None
        known = isinstance(more, DictValue) and more.items is not UNKNOWN and not arguments.open
        added = (*more.items, *arguments.keywords.items()) if known and more is not None else None
        if not given and not arguments.open:
            added = tuple(arguments.keywords.items())
        changed = UNKNOWN if added is None else (*items, *added)
        interpreter.store.write(receiver.fields, "items", changed)
        return None
    return UNKNOWN


def of_string(receiver: str, name: str, arguments: Arguments) -> Value:
    """``str.name(...)``; what comes out was put together at run time."""
    given = [folding.resolved(value) for value in arguments.everything()]
    if name not in _STRING_METHODS or arguments.open or not all(map(is_constant, given)):
        return UNKNOWN
    try:
        result = getattr(str(receiver), name)(*given)
    except Exception:  # the program would fail here
        return UNKNOWN
    return Composed(result) if isinstance(result, str) else result
