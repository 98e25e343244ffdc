"""What is done to tensors made by hand: inits, views, arithmetic, products, and being forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.torch_values import Drawn, InitCall, ParameterRef, Product
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Either,
    ListValue,
    Method,
    Value,
)
from gradhealth_lint.semantics.pytorch import inits, making, products, shifting

if TYPE_CHECKING:
    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

_TRANSPOSING: Final = frozenset({"t", "transpose", "T", "mT", "swapaxes", "t_"})
_OPERATIONS: Final = {
    f"{written}{how}": method
    for written, method in (
        ("Multiply", "mul_"), ("Divide", "div_"), ("Add", "add_"), ("Subtract", "sub_"),
    )
    for how in ("", "Assign")
}  # fmt: skip


def forget(interpreter: Interpreter, value: Value, depth: int = 2) -> None:
    """Something that is not read may have changed the numbers of these tensors."""
    inside: Value = getattr(value, "options", ()) if isinstance(value, Either) else ()
    if isinstance(value, Drawn):
        interpreter.store.write(value.fields, "init", UNKNOWN)
    elif isinstance(value, (tuple, ListValue)):
        inside = value if isinstance(value, tuple) else value.items
    for one in () if depth == 0 or inside is UNKNOWN else inside:
        forget(interpreter, one, depth - 1)


def by_assignment(interpreter: Interpreter, target: ParameterRef, value: Value) -> None:
    """``layer.weight = value`` and ``layer.weight.data = value``: a tensor made by hand, or not."""
    init = value.fields["init"] if isinstance(value, Drawn) and value.shape != () else UNKNOWN
    interpreter.activity += 1
    if isinstance(init, InitCall) and target.name in inits.parameter_names(target.layer):
        interpreter.inits.append((target.layer, target.name, init))
        interpreter.store.write(target.layer.fields, target.name, init)
    else:
        interpreter.store.write(target.layer.fields, target.name, UNKNOWN)


def by_element(
    interpreter: Interpreter, target: ParameterRef, value: Value, node: cst.CSTNode
) -> None:
    """``parameter[:] = value``: all of it is one number, or another tensor's numbers."""
    number = folding.number(value)
    if number is not None:
        init = InitCall("constant_", (("val", number),), interpreter.at(node), "", "")
        value = Drawn({"init": init, "trained": False}, None, node)
    by_assignment(interpreter, target, value)


def attribute(tensor: Drawn, name: str) -> Value:
    """``tensor.name``."""
    if name == "data":
        return tensor
    if name in _TRANSPOSING and name in {"T", "mT"}:
        return _transposed(tensor)
    if name == "shape":
        return UNKNOWN if tensor.shape is None else tensor.shape
    if name == "ndim":
        return UNKNOWN if tensor.shape is None else len(tensor.shape)
    return UNKNOWN if name in catalogue.SHAPE_ATTRIBUTES else Method(tensor, name)


def method(
    interpreter: Interpreter, tensor: Drawn, name: str, arguments: Arguments, node: cst.Call
) -> Value:
    """``tensor.name(...)``: in-place inits, views, products, questions."""
    made = products.product(interpreter, name, (tensor, *arguments.positional))
    if made is not MISSING:
        return made
    if name in catalogue.METHOD_INITS:
        init, names, defaults = catalogue.METHOD_INITS[name]
        bound = dict(defaults) | arguments.bind(*names)
        renamed = {"to": "b", "value": "val", "from": "a"}
        values = tuple((renamed.get(key, key), folding.resolved(v)) for key, v in bound.items())
        return set_to(interpreter, tensor, InitCall(init, values, interpreter.at(node), "", name))
    if name in {"mul_", "div_", "add_", "sub_"} and arguments.positional:
        return change(interpreter, tensor, name, arguments.positional[0])
    if name == "requires_grad_":
        wanted = next(iter(arguments.everything()), True)
        return making.asked(interpreter, tensor, Arguments([], {"requires_grad": wanted}))
    if name in _TRANSPOSING:
        return _transposed(tensor)
    if name in catalogue.HARMLESS_METHODS or name in {"detach", "detach_", "expand"}:
        return tensor
    if name in {"dim", "ndimension"}:
        return UNKNOWN if tensor.shape is None else len(tensor.shape)
    if name == "size":
        axis = folding.whole(arguments.positional[0]) if arguments.positional else None
        known = tensor.shape
        if known is not None and axis is not None and -len(known) <= axis < len(known):
            return known[axis]
        return known if known is not None and not arguments.positional else UNKNOWN
    if name.endswith("_"):
        interpreter.store.write(tensor.fields, "init", UNKNOWN)
        return tensor
    return UNKNOWN


def _transposed(tensor: Drawn) -> Drawn:
    return replace(tensor, shape=None if tensor.shape is None else tensor.shape[::-1])


def set_to(interpreter: Interpreter, tensor: Drawn, init: InitCall) -> Drawn:
    """An init call has set all of it; returns the tensor."""
    interpreter.activity += 1
    interpreter.store.write(tensor.fields, "init", init)
    return tensor


def change(interpreter: Interpreter, tensor: Drawn, operation: str, by: Value) -> Drawn:
    """``tensor.mul_(by)``, ``tensor *= by`` and their kind; returns the tensor."""
    init = shifting.changed(tensor.fields["init"], operation, folding.number(by))
    interpreter.store.write(tensor.fields, "init", init)
    return tensor


def augment(interpreter: Interpreter, tensor: Drawn, op: cst.CSTNode, by: Value) -> None:
    """``tensor *= by`` and its kind."""
    change(interpreter, tensor, _OPERATIONS.get(type(op).__name__, ""), by)


def set_attribute(interpreter: Interpreter, tensor: Drawn, name: str, value: Value) -> None:
    """``tensor.data = value`` or ``tensor.requires_grad = value``."""
    if name == "requires_grad":
        interpreter.store.write(tensor.fields, "trained", value)
        if value is True:
            interpreter.drawn.append(tensor)
    elif name == "data":
        init = value.fields["init"] if isinstance(value, Drawn) else UNKNOWN
        interpreter.store.write(tensor.fields, "init", init)


def combine(interpreter: Interpreter, op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``left op right`` where one is a tensor made by hand, or its product, and none is a node."""
    operation = _OPERATIONS.get(type(op).__name__, "")
    for whole in (left, right):
        if isinstance(whole, Product):
            return (
                products.rescale(interpreter, whole) if operation in {"mul_", "div_"} else UNKNOWN
            )
    if isinstance(left, Drawn) and isinstance(right, Drawn):
        return UNKNOWN
    tensor, other = (left, right) if isinstance(left, Drawn) else (right, left)
    if tensor is right and operation in {"div_", "sub_"}:
        operation = ""
    init = shifting.changed(tensor.fields["init"], operation, folding.number(other))
    return Drawn({"init": init, "trained": False}, tensor.shape, tensor.node)
