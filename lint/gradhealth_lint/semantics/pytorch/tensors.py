"""Operations on tensors: the nodes they add to the dataflow graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.graph import (
    ACTIVATION,
    ADD,
    CONCATENATE,
    HARMLESS,
    MULTIPLY,
    NORM,
    OPAQUE,
    Node,
)
from gradhealth_lint.semantics.domain.values import UNKNOWN, Arguments, Value, tensors_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_CONCATENATIONS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack"})


def opaque(interpreter: Interpreter, label: str, inputs: Sequence[Node]) -> Node:
    """Something that depends on the inputs in a way that is not read."""
    return interpreter.node(OPAQUE, inputs, label=label)


def combine(interpreter: Interpreter, op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``left op right`` where at least one is a tensor."""
    inputs = [value for value in (left, right) if isinstance(value, Node)]
    if len(inputs) == 2:  # noqa: PLR2004
        if isinstance(op, (cst.Add, cst.AddAssign, cst.Subtract, cst.SubtractAssign)):
            return interpreter.node(ADD, inputs)
        if isinstance(op, (cst.Multiply, cst.MultiplyAssign, cst.Divide, cst.DivideAssign)):
            return interpreter.node(MULTIPLY, inputs)
    return opaque(interpreter, type(op).__name__.lower(), inputs)


def activation(interpreter: Interpreter, name: str, given: dict[str, Value], source: Node) -> Node:
    """An activation with its numbers, read from the keywords in ``given``."""
    label, parameters = catalogue.ACTIVATION_FUNCTIONS.get(name, (name, ()))
    if name == "prelu":
        parameters = (("init", 0.25),)
    values = [folding.number(given.get(key, default)) for key, default in parameters]
    known = None if None in values else tuple(v for v in values if v is not None)
    return interpreter.node(ACTIVATION, (source,), label=label, parameters=known)


def function(interpreter: Interpreter, name: str, arguments: Arguments) -> Value:
    """``torch.name(...)`` or ``torch.nn.functional.name(...)``."""
    given = arguments.everything()
    inputs = tensors_in(given)
    if not inputs:
        return UNKNOWN
    if name in _CONCATENATIONS:
        return interpreter.node(CONCATENATE, inputs)
    plain = name.removesuffix("_")
    first = arguments.positional[0] if arguments.positional else inputs[0]
    if isinstance(first, Node):
        rest = Arguments(arguments.positional[1:], arguments.keywords)
        one_input = len(inputs) == 1
        if plain in catalogue.ACTIVATION_FUNCTIONS and one_input:
            names = [key for key, _ in catalogue.ACTIVATION_FUNCTIONS[plain][1]]
            return activation(interpreter, plain, rest.bind(*names), first)
        if plain in catalogue.HARMLESS_FUNCTIONS and one_input:
            return interpreter.node(HARMLESS, (first,), label=plain)
        if plain in catalogue.NORM_FUNCTIONS:
            return interpreter.node(NORM, (first,), label=plain)
        if plain in {"add", "sub"}:
            return combine(interpreter, cst.Add(), first, rest.bind("other").get("other"))
        if plain in {"mul", "multiply", "div"}:
            return combine(interpreter, cst.Multiply(), first, rest.bind("other").get("other"))
    return opaque(interpreter, name, inputs)


def method(interpreter: Interpreter, receiver: Node, name: str, arguments: Arguments) -> Value:
    """``tensor.name(...)``."""
    if name in catalogue.SHAPE_METHODS:
        return UNKNOWN
    plain = name.removesuffix("_")
    if plain in catalogue.ACTIVATION_METHODS:
        return activation(interpreter, plain, {}, receiver)
    if name in catalogue.HARMLESS_METHODS:
        return interpreter.node(HARMLESS, (receiver,), label=name)
    if plain in {"add", "sub", "mul", "div", "multiply"}:
        return function(
            interpreter, plain, Arguments([receiver, *arguments.positional], arguments.keywords)
        )
    return opaque(interpreter, name, [receiver, *tensors_in(arguments.everything())])
