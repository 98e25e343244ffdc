"""Tensors that ask for a gradient while a module is made, and what is made of them there.

A module registers an nn.Parameter that is assigned to it. It does not register another tensor that
asks for a gradient, nor what ``cuda()`` or a product makes of a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.torch_values import Drawn, Leaf, Product, Squashed
from gradhealth_lint.semantics.domain.values import UNKNOWN, Arguments, Qualified, Value

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.values import Frame
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.updating import Changed, Moved

#: Methods that give back the same tensor: always, or where it is as ordinary tensors are.
_SAME: Final = frozenset(
    {"requires_grad_", "retain_grad", "register_hook", "contiguous", "float", "cpu"}
)
#: Methods whose result asks for no gradient, or is no tensor.
_ENDING: Final = frozenset({"detach", "numpy", "tolist", "item", "new_zeros", "new_ones", "new"})
_NO_TENSORS: Final = catalogue.SHAPE_METHODS | {"register_hook", "data_ptr", "backward"}
_ATTRIBUTES: Final = frozenset({"T", "mT", "H"})
#: Places and types that a new parameter has in any case.
_ORDINARY: Final = frozenset({"cpu", "torch.float", "torch.float32"})


@dataclass(slots=True)
class Held:
    """Tensors that became attributes, by themselves and the attribute's name, and where.

    ``anew`` are attributes, by object and name, that got a value after the constructor.
    """

    places: dict[tuple[int, str], tuple[Value, cst.CSTNode]] = field(default_factory=dict)
    anew: set[tuple[int, str]] = field(default_factory=set)
    #: Parameters that were changed by hand.
    changed: list[Changed] = field(default_factory=list)
    #: Steps along a gradient by hand.
    moved: list[Moved] = field(default_factory=list)


def parameter(interpreter: Interpreter, arguments: Arguments) -> Value:
    """``nn.Parameter(...)`` of what is not read, in a constructor."""
    given = arguments.bind("data", "requires_grad")
    asks = given.get("requires_grad", True) is True and not arguments.open
    return Leaf(is_parameter=True) if asks and _watching(interpreter) else UNKNOWN


def after(
    interpreter: Interpreter,
    node: cst.Call,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
    result: Value,
    frame: Frame,
) -> Value:
    """The result of a call that makes such a tensor, or makes something of one."""
    if not _watching(interpreter) or isinstance(result, Leaf):
        return result
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
    if is_trained(receiver):
        return _of_method(interpreter, node, receiver, name, arguments, result)
    known = isinstance(result, Drawn)
    if name == "requires_grad_" and not known and arguments.everything()[:1] != [False]:
        return Leaf(is_parameter=False) if _is_of_torch(interpreter, node, frame) else result
    if isinstance(callee, Qualified) and callee.name.startswith("torch."):
        return _of_function(interpreter, node, callee.name, arguments, result)
    return result


def attribute(interpreter: Interpreter, receiver: Value, name: str, value: Value) -> Value:
    """``parameter.T``."""
    if name in _ATTRIBUTES and _watching(interpreter) and is_trained(receiver):
        return _made(interpreter, receiver, f".{name}", value)
    return value


def combined(interpreter: Interpreter, left: Value, right: Value, result: Value) -> Value:
    """``left op right`` where one is such a tensor."""
    for one in (left, right) if _watching(interpreter) else ():
        if is_trained(one) and (result is UNKNOWN or isinstance(result, (Drawn, Product))):
            return _made(interpreter, one, "arithmetic", result)
    return result


def is_trained(value: Value) -> bool:
    """Whether a value is a tensor that asks for a gradient, or made of one."""
    if isinstance(value, Drawn):
        return value.fields["trained"] is True or value.leaf is not None
    return isinstance(value, Leaf)


def origin(value: Drawn | Leaf) -> Drawn | Leaf:
    """The tensor that asks for a gradient, of it and of what is made of it."""
    return value if value.leaf is None else value.leaf


def identity(value: Drawn | Leaf) -> int:
    """What tells it from others; views of a tensor share it."""
    return id(value.fields) if isinstance(value, Drawn) else id(value)


def _watching(interpreter: Interpreter) -> bool:
    return bool(interpreter.constructing) and not interpreter.forwarding


def _of_method(
    interpreter: Interpreter,
    node: cst.Call,
    receiver: Value,
    name: str,
    arguments: Arguments,
    result: Value,
) -> Value:
    if name in _ENDING and isinstance(result, Drawn):
        fields = {"init": result.fields["init"], "trained": False}
        return Drawn(fields, result.shape, result.node)
    if name in _ENDING or name in _NO_TENSORS:
        return result
    same = name in _SAME or name.endswith("_") or _is_ordinary(name, node, arguments)
    if same:
        return receiver if result is UNKNOWN or isinstance(result, Squashed) else result
    return _made(interpreter, receiver, f".{name}()", result)


def _of_function(
    interpreter: Interpreter, node: cst.Call, name: str, arguments: Arguments, result: Value
) -> Value:
    if isinstance(result, Drawn) or name == "torch.nn.Parameter":
        return result
    if name.startswith(catalogue.INIT):
        given = arguments.everything()
        return given[0] if given and is_trained(given[0]) else result
    nothing = result is UNKNOWN or isinstance(result, (Squashed, Product))
    if nothing and arguments.keywords.get("requires_grad") is True:
        return Leaf(is_parameter=False)
    single = name.count(".") == 1 or name.startswith(catalogue.FUNCTIONAL)
    for one in arguments.positional if single and nothing else ():
        if is_trained(one):
            text = cst.Module([]).code_for_node(node.func)
            return _made(interpreter, one, f"{text}()", result)
    return result


def _made(interpreter: Interpreter, source: Drawn | Leaf, how: str, result: Value) -> Value:
    """The result, known to be made of ``source``."""
    made_by, leaf = source.made_by or how, origin(source)
    if not isinstance(result, Drawn):
        return Leaf(source.is_parameter, made_by, leaf)
    made = replace(result, made_by=made_by, leaf=leaf)
    if made.fields["trained"] is True:
        interpreter.drawn.append(made)
    return made


def _is_ordinary(name: str, node: cst.Call, arguments: Arguments) -> bool:
    """``to("cpu")``, ``to(torch.float32)``, and ``to(device)`` of what was made there."""
    if name != "to":
        return False
    given = [getattr(one, "name", one) for one in arguments.everything()]
    text = cst.Module([]).code_for_node(node.func)
    return "device=" in text or all(isinstance(g, str) and g in _ORDINARY for g in given)


def _is_of_torch(interpreter: Interpreter, node: cst.Call, frame: Frame) -> bool:
    """Whether ``torch.from_numpy(w).requires_grad_()`` begins with a function of torch."""
    inner: cst.CSTNode = node
    root: cst.BaseExpression | None = None
    while isinstance(inner, (cst.Call, cst.Attribute)):
        if isinstance(inner, cst.Call):
            root = inner.func
        inner = inner.func if isinstance(inner, cst.Call) else inner.value
    value = UNKNOWN if root is None else interpreter.evaluate(root, frame)
    return (
        isinstance(value, Qualified)
        and value.name.startswith("torch.")
        and not value.name.startswith(catalogue.NN)
        and not value.name.startswith("torch.hub.")
    )
