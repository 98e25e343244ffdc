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
    SCALE,
    Node,
)
from gradhealth_lint.semantics.domain.torch_values import Drawn, InitCall
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
        if isinstance(op, (cst.Add, cst.AddAssign)):
            return interpreter.node(ADD, inputs)
        if isinstance(op, (cst.Subtract, cst.SubtractAssign)):
            return interpreter.node(ADD, inputs, label="minus")
        if isinstance(op, (cst.Multiply, cst.MultiplyAssign, cst.Divide, cst.DivideAssign)):
            return interpreter.node(MULTIPLY, inputs)
    factor = _factor(op, left, right)
    if factor is not None:
        return interpreter.node(SCALE, inputs, label="times", parameters=(factor,))
    return opaque(interpreter, type(op).__name__.lower(), inputs)


def constant(tensor: Drawn) -> float | None:
    """The number that all entries of a tensor are, None if they differ or are not known."""
    init = tensor.fields["init"]
    if not isinstance(init, InitCall):
        return None
    if init.name == "constant_":
        return folding.number(dict(init.arguments).get("val", UNKNOWN))
    return {"zeros_": 0.0, "ones_": 1.0}.get(init.name)


def _factor(op: cst.CSTNode, left: Value, right: Value) -> float | None:
    """The number that a tensor is multiplied by or divided by, None if it is something else."""
    if isinstance(op, (cst.Multiply, cst.MultiplyAssign)):
        other = right if isinstance(left, Node) else left
        if isinstance(other, Drawn) and other.is_parameter:
            other = constant(other)
        return folding.number(other)
    if isinstance(op, (cst.Divide, cst.DivideAssign)) and isinstance(left, Node):
        divisor = folding.number(right)
        return 1.0 / divisor if divisor else None
    return None


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
            names = list(catalogue.FUNCTION_SIGNATURES.get(plain, ()))
            return interpreter.node(HARMLESS, (first,), label=plain, arguments=_bound(rest, names))
        if plain in catalogue.NORM_FUNCTIONS:
            weighed = dict.fromkeys(("weight",) if len(rest.positional) > 1 else ())
            return interpreter.node(
                NORM, (first,), label=plain, arguments={**weighed, **rest.keywords}
            )
        if plain in {"add", "sub"} and "alpha" not in rest.keywords:
            op = cst.Add() if plain == "add" else cst.Subtract()
            return combine(interpreter, op, first, rest.bind("other").get("other"))
        if plain in {"mul", "multiply", "div"}:
            other = rest.bind("other").get("other")
            by: cst.CSTNode = cst.Divide() if plain == "div" else cst.Multiply()
            return combine(interpreter, by, first, other)
    return opaque(interpreter, name, inputs)


def _bound(arguments: Arguments, names: list[str]) -> dict[str, Value]:
    """The arguments by name; all UNKNOWN where a star hides them."""
    bound = arguments.bind(*names)
    return dict.fromkeys(names, UNKNOWN) | bound if arguments.open else bound


def _over_image(arguments: Arguments) -> bool:
    """Whether a mean is taken over the last two dimensions, as global pooling does."""
    dims = folding.sequence(arguments.bind("dim").get("dim", UNKNOWN))
    return dims is not None and {folding.whole(dim) for dim in dims} in ({2, 3}, {-1, -2})


def method(interpreter: Interpreter, receiver: Node, name: str, arguments: Arguments) -> Value:
    """``tensor.name(...)``."""
    if name in catalogue.SHAPE_METHODS:
        return UNKNOWN
    plain = name.removesuffix("_")
    if plain in catalogue.ACTIVATION_METHODS:
        return activation(interpreter, plain, {}, receiver)
    if name in catalogue.HARMLESS_METHODS:
        return interpreter.node(HARMLESS, (receiver,), label=name, arguments={})
    if name == "mean" and _over_image(arguments):
        return interpreter.node(HARMLESS, (receiver,), label="mean over the image")
    if plain in {"add", "sub", "mul", "div", "multiply"}:
        return function(
            interpreter, plain, Arguments([receiver, *arguments.positional], arguments.keywords)
        )
    return opaque(interpreter, name, [receiver, *tensors_in(arguments.everything())])
