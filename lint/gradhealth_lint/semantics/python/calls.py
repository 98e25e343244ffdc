"""Calls: reading arguments, and following functions and classes of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.names import records_gradients
from gradhealth_lint.semantics.domain.store import join
from gradhealth_lint.semantics.domain.torch_values import Container, Layer, Squashed
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Bound,
    ClassValue,
    DictValue,
    Either,
    Frame,
    Function,
    Instance,
    Method,
    Partial,
    Qualified,
    Super,
    Value,
    new_list,
    tensors_in,
)
from gradhealth_lint.semantics.python import (
    abroad,
    attributes,
    binding,
    classes,
    external,
    imports,
    iteration,
    methods,
)
from gradhealth_lint.semantics.python.targets import assign
from gradhealth_lint.semantics.pytorch import (
    leaves,
    modules,
    observing,
    products,
    severing,
    tensors,
    updating,
    wiring,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter

NOTHING: Final = Arguments([], {})
_SUPER: Final = "builtins.super"


def evaluate(interpreter: Interpreter, node: cst.Call, frame: Frame) -> Value:
    """The value of a call expression."""
    interpreter.step()
    func = node.func
    receiver: Value = UNKNOWN
    if func.__class__ is cst.Attribute:  # ``isinstance`` asks ``abc`` of all that is none
        receiver = interpreter.evaluate(func.value, frame)
        callee = attributes.get(interpreter, receiver, func.attr.value)
    else:
        callee = interpreter.evaluate(func, frame)
    if callee.__class__ is Qualified and callee.name == _SUPER:
        return _super(interpreter, node, frame)
    arguments = read_arguments(interpreter, node, frame)
    project = interpreter.project
    if project is not None and project.trains and callee.__class__ is Qualified:
        callee = imports.followed(interpreter, callee, arguments)
    if interpreter.observing:
        interpreter.frame = frame
        observing.call(interpreter, node, receiver, callee, arguments)
    result = call(interpreter, callee, arguments, node)
    result = wiring.after(interpreter, node, receiver, callee, arguments, result)
    result = leaves.after(interpreter, node, receiver, callee, arguments, result, frame)
    if func.__class__ is cst.Attribute and func.attr.value.endswith("_"):
        updating.called(interpreter, node, receiver, frame)
        seen = isinstance(result, Squashed) or (
            isinstance(receiver, Node) and isinstance(result, Node)
        )
        if seen and isinstance(func.value, cst.Name):
            assign(interpreter, func.value, result, frame)
        else:
            severing.give_away(interpreter, arguments.everything())
    return result


def read_arguments(interpreter: Interpreter, node: cst.Call, frame: Frame) -> Arguments:
    """The evaluated arguments, stars unpacked."""
    result = Arguments([], {})
    for argument in node.args:
        value = interpreter.evaluate(argument.value, frame)
        if not argument.star:
            if argument.keyword is None:
                result.positional.append(value)
            else:
                result.keywords[argument.keyword.value] = value
        elif argument.star == "*":
            more = iteration.iterated(interpreter, value)
            result.positional.extend(more or ())
            result.open = result.open or more is None
        else:
            known = isinstance(value, DictValue) and value.items is not UNKNOWN
            for key, item in value.items if known else ():
                if isinstance(key, str):
                    result.keywords[key] = item
            result.open = result.open or not known
    return result


def call(interpreter: Interpreter, callee: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    """``callee(*arguments)``."""
    handler = _HANDLERS.get(type(callee))
    if handler is None:
        return unknown(interpreter, arguments, node)
    return handler(interpreter, callee, arguments, node)


def unknown(interpreter: Interpreter, arguments: Arguments, node: cst.CSTNode) -> Value:
    """A call that cannot be followed: it may depend on every tensor and set every parameter."""
    product = products.unread(interpreter, arguments, node)
    if product is not MISSING:
        return product
    given = arguments.everything()
    modules.forget_what_is_passed(interpreter, given, node)
    severing.give_away(interpreter, given)
    inputs = tensors_in(given)
    return tensors.opaque(interpreter, "a call", inputs) if inputs else UNKNOWN


def _bound(
    interpreter: Interpreter, callee: Bound, arguments: Arguments, node: cst.CSTNode
) -> Value:
    given = Arguments([callee.receiver, *arguments.positional], arguments.keywords, arguments.open)
    return follow(interpreter, callee.function, given, node, callee.receiver)


def follow(
    interpreter: Interpreter,
    function: Function,
    arguments: Arguments,
    node: cst.CSTNode,
    receiver: Value = None,
) -> Value:
    """Run a function of the file with these arguments."""
    if interpreter.is_running(function):
        return unknown(interpreter, arguments, node)
    interpreter.followed.add(id(function.node))
    home = function.frame.module is interpreter.module
    if not home and interpreter.site is None:
        return abroad.call(
            interpreter, lambda: _run(interpreter, function, arguments, receiver), arguments, node
        )
    return _run(interpreter, function, arguments, receiver)


def _run(
    interpreter: Interpreter,
    function: Function,
    arguments: Arguments,
    receiver: Value,
) -> Value:
    home = function.frame.module is interpreter.module
    frame = Frame(
        binding.bind(interpreter, function, arguments),
        function.frame,
        function.owner,
        receiver=receiver,
    )
    interpreter.calls.append(function.node)
    conditions, site = len(interpreter.conditions), interpreter.site
    interpreter.site = None if home else site
    try:
        if isinstance(function.node, cst.Lambda):
            return interpreter.evaluate(function.node.body, frame)
        outer = interpreter.gradless
        told = [records_gradients(d.decorator) for d in function.node.decorators]
        for records in told:
            interpreter.gradless = interpreter.gradless if records is None else int(not records)
        interpreter.execute(function.node.body.body, frame)
        interpreter.gradless = outer
    finally:
        interpreter.calls.pop()
        interpreter.site = site
        del interpreter.conditions[conditions:]
    if frame.yielded is not None:
        return new_list(frame.yielded)
    return _returned(interpreter, frame.returned)


def _returned(interpreter: Interpreter, values: list[Value]) -> Value:
    if not values:
        return None
    result = values[0]
    for value in values[1:]:
        result = join(result, value)
    inputs = tensors_in(values)
    if result is UNKNOWN and inputs:
        return tensors.opaque(interpreter, "one of several results", inputs)
    return result


def _class(
    interpreter: Interpreter, callee: ClassValue, arguments: Arguments, node: cst.CSTNode
) -> Value:
    return classes.instantiate(interpreter, callee, arguments, node)


def _either(
    interpreter: Interpreter, callee: Either, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """Whichever it is: the result is one of theirs. None is guarded against by the program."""
    options = [option for option in callee.options if option is not None]
    results = [call(interpreter, option, arguments, node) for option in options]
    return _returned(interpreter, results) if results else UNKNOWN


def _partial(
    interpreter: Interpreter, callee: Partial, arguments: Arguments, node: cst.CSTNode
) -> Value:
    given = Arguments(
        [*callee.positional, *arguments.positional],
        {**dict(callee.keywords), **arguments.keywords},
        arguments.open,
    )
    return call(interpreter, callee.function, given, node)


def _super(interpreter: Interpreter, node: cst.Call, frame: Frame) -> Value:
    scope: Frame | None = frame
    while scope is not None and scope.receiver is None:
        scope = scope.parent
    if scope is None or scope.owner is None:
        return UNKNOWN
    owner = scope.owner
    if node.args:
        named = interpreter.evaluate(node.args[0].value, frame)
        owner = named if isinstance(named, ClassValue) else owner
    return Super(owner, scope.receiver)


_HANDLERS: Final[dict[type, Callable[..., Value]]] = {
    Function: follow,
    Bound: _bound,
    ClassValue: _class,
    Either: _either,
    Partial: _partial,
    Qualified: external.call,
    Method: methods.call,
    Layer: modules.apply,
    Container: modules.apply,
    Instance: modules.apply,
}
