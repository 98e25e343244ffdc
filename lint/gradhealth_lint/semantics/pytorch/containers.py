"""nn.Sequential, nn.ModuleList and nn.ModuleDict: what is in them and how that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.torch_values import Container
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    DictValue,
    Value,
    is_constant,
)
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.python.targets import set_child

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter


def make(interpreter: Interpreter, kind: str, arguments: Arguments, node: cst.CSTNode) -> Container:
    """The container a constructor call makes."""
    if kind != "Sequential" and arguments.positional:
        first = folding.resolved(arguments.positional[0])
        if kind == "ModuleList":
            items = iteration.iterated(interpreter, first)
            pairs: Value = UNKNOWN if items is None else _numbered(items)
        else:
            pairs = _named(first)
    else:
        pairs = named_items(kind, arguments)
    container = Container(kind, interpreter.at(node), {"items": pairs})
    interpreter.activity += 1
    interpreter.containers.append(container)
    return container


def named_items(kind: str, arguments: Arguments) -> Value:
    """((name, module), ...) from the arguments of Sequential, UNKNOWN if they are not known."""
    if arguments.open:
        return UNKNOWN
    positional = arguments.positional
    if kind == "Sequential" and len(positional) == 1 and isinstance(positional[0], DictValue):
        return _named(positional[0])
    return _numbered(tuple(positional))


def _numbered(items: tuple[Value, ...]) -> tuple[tuple[str, Value], ...]:
    return tuple((str(index), module) for index, module in enumerate(items))


def _named(value: Value) -> Value:
    if not isinstance(value, DictValue) or value.items is UNKNOWN:
        return UNKNOWN
    if not all(isinstance(folding.resolved(name), str) for name, _ in value.items):
        return tuple((f"?{i}", module) for i, (_, module) in enumerate(value.items))
    return tuple((str(folding.resolved(name)), module) for name, module in value.items)


def change(
    interpreter: Interpreter, container: Container, method: str, arguments: Arguments
) -> Value:
    """append, extend, insert, add_module, ...; returns what the method does."""
    pairs = container.fields["items"]
    given = arguments.positional
    result: Value = container
    if pairs is UNKNOWN:
        return container if method in {"append", "extend"} else UNKNOWN
    changed: Value = UNKNOWN
    if method == "append" and given:
        changed = (*pairs, (str(len(pairs)), given[0]))
    elif method in {"extend", "__iadd__"} and given:
        more = iteration.iterated(interpreter, given[0])
        if more is not None:
            changed = pairs + tuple((str(len(pairs) + i), m) for i, m in enumerate(more))
    elif method == "insert" and len(given) > 1:
        index = folding.whole(given[0])
        if index is not None:
            modules = [module for _, module in pairs]
            modules.insert(index, given[1])
            changed = _numbered(tuple(modules))
    elif method in {"add_module", "register_module"}:
        bound = arguments.bind("name", "module")
        name = folding.resolved(bound.get("name", UNKNOWN))
        set_child(interpreter, container, str(name) if is_constant(name) else f"?{len(pairs)}",
                  bound.get("module", UNKNOWN))  # fmt: skip
        return None
    elif method == "update" and given:
        new = _named(folding.resolved(given[0]))
        changed = UNKNOWN if new is UNKNOWN else pairs + new
    interpreter.activity += 1
    interpreter.store.write(container.fields, "items", changed)
    return result
