"""Methods of values the interpreter knows: modules, parameters, tensors, lists, dicts, strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics import (
    argument_parsing,
    catalogue,
    classes,
    containers,
    folding,
    inits,
    iteration,
    modules,
    tensors,
)
from gradhealth_lint.semantics.graph import Node
from gradhealth_lint.semantics.values import (
    MISSING,
    UNKNOWN,
    ArgumentParser,
    Arguments,
    Composed,
    Container,
    DictValue,
    Instance,
    Layer,
    ListValue,
    Method,
    ParameterRef,
    ParametersOf,
    Super,
    Value,
    is_constant,
    new_list,
    tensors_in,
)

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.interpreter import Interpreter

_RETURN_SELF: Final = frozenset(
    {"train", "eval", "to", "cuda", "cpu", "float", "double", "half", "bfloat16", "type",
     "requires_grad_", "share_memory", "to_empty", "xpu", "compile"}
)  # fmt: skip
_CONTAINER_CHANGES: Final = frozenset(
    {"append", "extend", "insert", "add_module", "register_module", "update"}
)
_STRING_METHODS: Final = frozenset(
    {"find", "rfind", "lower", "upper", "startswith", "endswith", "strip", "replace", "count",
     "capitalize", "title", "lstrip", "rstrip", "removeprefix", "removesuffix"}
)  # fmt: skip


def call(interpreter: Interpreter, callee: Method, arguments: Arguments, node: cst.Call) -> Value:
    """``receiver.name(*arguments)``."""
    receiver, name = callee.receiver, callee.name
    if isinstance(receiver, Node):
        return tensors.method(interpreter, receiver, name, arguments)
    if isinstance(receiver, ParameterRef):
        return inits.by_method(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, Super):
        return _of_super(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, (Layer, Container, Instance)):
        return of_module(interpreter, receiver, name, arguments, node)
    if isinstance(receiver, ListValue):
        return _of_list(interpreter, receiver, name, arguments)
    if isinstance(receiver, DictValue):
        return _of_dict(interpreter, receiver, name, arguments)
    if isinstance(receiver, ArgumentParser):
        return argument_parsing.call(receiver, name, arguments)
    if isinstance(receiver, str):
        return _of_string(receiver, name, arguments)
    return UNKNOWN


def of_module(
    interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """A method that nn.Module or a container has."""
    if name in {"parameters", "named_parameters"}:
        return ParametersOf(receiver, name == "named_parameters")
    if name in {"modules", "named_modules"}:
        found = modules.named_modules(receiver)
        return new_list(found if name == "named_modules" else [m for _, m in found])
    if name in {"children", "named_children"}:
        pairs = modules.children(receiver)
        return new_list(pairs if name == "named_children" else [m for _, m in pairs])
    if name == "apply" and arguments.everything():
        modules.apply_function(interpreter, receiver, arguments.everything()[0], node)
        return receiver
    if name in _RETURN_SELF:
        return receiver
    if name in {"forward", "__call__"}:
        return modules.apply(interpreter, receiver, arguments, node)
    if isinstance(receiver, Container):
        return _of_container(interpreter, receiver, name, arguments, node)
    if name == "reset_parameters" and isinstance(receiver, Layer):
        for parameter in inits.parameter_names(receiver):
            interpreter.store.write(receiver.fields, parameter, MISSING)
        return None
    if isinstance(receiver, Instance):
        if _register(interpreter, receiver, name, arguments):
            return None
        base = classes.torch_base(receiver.cls)
        if base == "Sequential" and name == "append" and arguments.positional:
            key = str(len(modules.children(receiver)))
            interpreter.store.write(receiver.fields, key, arguments.positional[0])
            return receiver
    return _unread(interpreter, receiver, name, arguments, node)


def _unread(
    interpreter: Interpreter, receiver: Value, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """A method from outside the file: if its name says so, it sets all parameters."""
    modules.forget_what_is_passed(interpreter, [receiver, *arguments.everything()], node)
    inputs = tensors_in(arguments.everything())
    return tensors.opaque(interpreter, name, inputs) if inputs else UNKNOWN


def _register(
    interpreter: Interpreter, receiver: Instance, name: str, arguments: Arguments
) -> bool:
    if name in {"add_module", "register_module"}:
        bound = arguments.bind("name", "module")
    elif name in {"register_buffer", "register_parameter"}:
        bound = {"name": arguments.bind("name").get("name"), "module": UNKNOWN}
    else:
        return name in {"zero_grad", "register_forward_hook", "register_full_backward_hook"}
    key = folding.resolved(bound.get("name"))
    if isinstance(key, str):
        interpreter.store.write(receiver.fields, key, bound.get("module", UNKNOWN))
    return True


def _of_container(
    interpreter: Interpreter,
    receiver: Container,
    name: str,
    arguments: Arguments,
    node: cst.CSTNode,
) -> Value:
    if name in _CONTAINER_CHANGES:
        return containers.change(interpreter, receiver, name, arguments)
    pairs = receiver.fields["items"]
    if receiver.kind == "ModuleDict" and name in {"keys", "values", "items"}:
        if pairs is UNKNOWN:
            return UNKNOWN
        return _of_dict(interpreter, DictValue({"items": pairs}), name, arguments)
    return _unread(interpreter, receiver, name, arguments, node)


def _of_super(
    interpreter: Interpreter, value: Super, name: str, arguments: Arguments, node: cst.CSTNode
) -> Value:
    receiver = value.receiver
    if not isinstance(receiver, Instance):
        return UNKNOWN
    base = classes.torch_base(receiver.cls)
    if name == "__init__":
        if base in catalogue.CONTAINERS:
            classes.fill_container(interpreter, receiver, arguments)
        return None
    if name == "forward":
        inputs = tensors_in(arguments.everything())
        if base == "Sequential" and inputs and interpreter.forwarding:
            found = [child for _, child in modules.children(receiver)]
            return modules.chain(interpreter, found, inputs[0], node)
        return tensors.opaque(interpreter, "super().forward", inputs) if inputs else UNKNOWN
    return of_module(interpreter, receiver, name, arguments, node)


def _of_list(
    interpreter: Interpreter, receiver: ListValue, name: str, arguments: Arguments
) -> Value:
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


def _of_dict(
    interpreter: Interpreter, receiver: DictValue, name: str, arguments: Arguments
) -> Value:
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


def _of_string(receiver: str, name: str, arguments: Arguments) -> Value:
    given = [folding.resolved(value) for value in arguments.everything()]
    if name not in _STRING_METHODS or arguments.open or not all(map(is_constant, given)):
        return UNKNOWN
    try:
        result = getattr(str(receiver), name)(*given)
    except Exception:  # the program would fail here
        return UNKNOWN
    return Composed(result) if isinstance(result, str) else result
