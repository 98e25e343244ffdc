"""Operations in a forward pass that no gradient comes back through.

The graph of a forward pass keeps its edges there, so that what lies behind is known; each such
node is noted with its place and with what cuts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.graph import OPAQUE, Node
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Qualified,
    Value,
    tensors_in,
)

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.checkpointing import Checkpointed

#: How a graph is cut: on purpose, by leaving torch, by a new tensor, by a function whose slope
#: is zero wherever it has one, by a context or a decorator that records nothing.
DETACHED: Final = "detached"
LEFT: Final = "left"
REMADE: Final = "remade"
STEPPED: Final = "stepped"
UNRECORDED: Final = "unrecorded"

_METHODS: Final = {
    "detach": DETACHED, "detach_": DETACHED, "numpy": LEFT, "tolist": LEFT, "item": LEFT,
    **dict.fromkeys(
        ("argmax", "argmin", "argsort", "round", "floor", "ceil", "sign", "trunc", "long", "int",
         "bool", "byte", "short", "round_", "sign_", "floor_", "ceil_", "heaviside", "bernoulli",
         "eq", "ne", "gt", "ge", "lt", "le", "sample"),
        STEPPED,
    ),
}  # fmt: skip
STEPPING: Final = frozenset(name for name, how in _METHODS.items() if how == STEPPED)
_FUNCTIONS: Final = {
    **dict.fromkeys(
        ("argmax", "argmin", "argsort", "round", "floor", "ceil", "sign", "trunc", "heaviside",
         "bucketize", "bernoulli", "normal", "eq", "ne", "gt", "ge", "lt", "le"),
        STEPPED,
    ),
    **dict.fromkeys(("tensor", "Tensor", "FloatTensor", "nn.Parameter"), REMADE),
}  # fmt: skip
_CASTS: Final = frozenset({"long", "int", "short", "byte", "to", "type"})
_PLACES: Final = re.compile(r"top_?k|(^|_)ind(ex|exes|ices)$|(^|_)idxs?$", re.I)
_WHOLE: Final = frozenset({"torch.long", "torch.int", "torch.int64", "torch.int32", "torch.bool"})


@dataclass(frozen=True, eq=False, slots=True)
class Severed:
    """A node that no gradient passes, the code that cuts it, and how."""

    node: Node
    at: cst.CSTNode
    how: str


@dataclass(eq=False, slots=True)
class Cuts:
    """Nodes that no gradient passes, by identity, and nodes given to what may use them unseen.

    ``packs`` says that the file handles packed sequences, whose ``data`` is in the graph.
    """

    severed: dict[int, Severed] = field(default_factory=dict)
    given_away: list[Node] = field(default_factory=list)
    packs: bool = False
    #: Checkpoints that get nothing but inputs.
    checkpointed: list[Checkpointed] = field(default_factory=list)


def after(
    interpreter: Interpreter,
    node: cst.Call,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
    result: Value,
) -> Value:
    """The result of a call in a forward pass, noted if the call cuts the graph."""
    how, inputs = _cuts(receiver, _method(node), callee, arguments)
    if how == STEPPED and _method(node) in _CASTS and _are_places(node):
        return result
    if how and inputs:
        if not isinstance(result, Node):
            result = interpreter.node(OPAQUE, inputs, label=how)
        return note(interpreter, result, node, how)
    return result


def attribute(interpreter: Interpreter, node: cst.Attribute, receiver: Value, value: Value) -> None:
    """``tensor.data`` in a forward pass."""
    if node.attr.value != "data" or not isinstance(receiver, Node) or not isinstance(value, Node):
        return
    if not interpreter.cuts.packs:
        note(interpreter, value, node, DETACHED)


def compared(interpreter: Interpreter, node: cst.Comparison, sides: list[Value]) -> Value:
    """``tensor > number``: a tensor of zeros and ones."""
    inputs = tensors_in(sides)
    if not (interpreter.forwarding and inputs):
        return UNKNOWN
    return note(interpreter, interpreter.node(OPAQUE, inputs, label=STEPPED), node, STEPPED)


def give_away(interpreter: Interpreter, values: list[Value]) -> None:
    """Note tensors that are handed to what may use them unseen: an unknown call, an attribute."""
    if interpreter.forwarding:
        interpreter.cuts.given_away.extend(tensors_in(values))


def note(interpreter: Interpreter, result: Node, at: cst.CSTNode, how: str) -> Node:
    """Note that no gradient passes a node."""
    interpreter.cuts.severed[id(result)] = Severed(result, interpreter.at(at), how)
    return result


def _are_places(node: cst.Call) -> bool:
    """Whether what is cast is by its name whole already: which experts, keys or rows to take."""
    return any(_PLACES.search(name) for name in walking.names(node.func))


def _method(node: cst.Call) -> str:
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else ""


def _cuts(
    receiver: Value, method: str, callee: Value, arguments: Arguments
) -> tuple[str, list[Node]]:
    """How a call cuts, "" if it does not, and what it is done to."""
    if isinstance(receiver, Node):
        how = _METHODS.get(method, "")
        if method in {"to", "type"} and any(_is_whole(one) for one in arguments.everything()):
            how = STEPPED
        return how, [receiver]
    if isinstance(callee, Qualified) and callee.name.startswith("torch."):
        how = _FUNCTIONS.get(callee.name.removeprefix("torch."), "")
        return how, tensors_in(arguments.everything()) if how else []
    return "", []


def _is_whole(value: Value) -> bool:
    return isinstance(value, Qualified) and value.name in _WHOLE
