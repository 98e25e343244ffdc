"""``a[i]`` and ``a[i:j]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.torch_values import (
    Applied,
    Container,
    Drawn,
    ParameterRef,
    Squashed,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Assumed,
    DictValue,
    Either,
    Frame,
    Instance,
    ListValue,
    Qualified,
    Symbol,
    Value,
    new_list,
)
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.pytorch import cutting, drawn, parts

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


def get(interpreter: Interpreter, node: cst.Subscript, frame: Frame) -> Value:
    """The element or slice."""
    receiver = folding.resolved(interpreter.evaluate(node.value, frame))
    element = node.slice[0].slice if len(node.slice) == 1 else None
    if isinstance(receiver, Node):
        return interpreter.node("opaque", (receiver,), label="indexing")
    if isinstance(receiver, Qualified):
        return receiver  # a type with its arguments: nn.ModuleList[nn.Linear]
    if isinstance(receiver, ParameterRef):
        return parameter_part(interpreter, receiver, element, frame)
    if isinstance(receiver, (Applied, Squashed)):
        return cutting.derived(receiver)
    if isinstance(receiver, Drawn):
        if not interpreter.forwarding:
            drawn.forget(interpreter, receiver)  # a part of it may be set
        return UNKNOWN
    if isinstance(element, cst.Slice):
        return _slice(interpreter, receiver, element, frame)
    if not isinstance(element, cst.Index):
        return UNKNOWN
    key = folding.resolved(interpreter.evaluate(element.value, frame))
    return at(interpreter, receiver, key)


def parameter_part(
    interpreter: Interpreter, receiver: ParameterRef, element: cst.CSTNode | None, frame: Frame
) -> ParameterRef:
    """The rows of a parameter that a slice with two ends takes, or another part."""
    bounds: tuple[Value, Value] | None = None
    if isinstance(element, cst.Slice) and element.lower and element.upper and not element.step:
        bounds = (
            folding.resolved(interpreter.evaluate(element.lower, frame)),
            folding.resolved(interpreter.evaluate(element.upper, frame)),
        )
    return parts.of(receiver, bounds)


def at(interpreter: Interpreter, receiver: Value, key: Value) -> Value:
    """``receiver[key]``."""
    if isinstance(receiver, DictValue):
        value = receiver.lookup(key)
        return UNKNOWN if value is MISSING else value
    if isinstance(receiver, Either):
        options = [o for o in receiver.options if o is not None]
        return at(interpreter, options[0], key) if len(options) == 1 else UNKNOWN
    if isinstance(receiver, Container) and isinstance(key, str):
        pairs = receiver.fields["items"]
        return UNKNOWN if pairs is UNKNOWN else dict(pairs).get(key, UNKNOWN)
    if isinstance(receiver, (Container, Instance, ListValue, tuple, range, str, Assumed)):
        if isinstance(receiver, Container) and receiver.kind == "ModuleDict":
            return UNKNOWN
        items = iteration.iterated(interpreter, receiver)
        if items is not None and isinstance(key, int) and -len(items) <= key < len(items):
            return items[key]
    return UNKNOWN


def _slice(interpreter: Interpreter, receiver: Value, part: cst.Slice, frame: Frame) -> Value:
    if isinstance(receiver, Symbol):
        receiver = iteration.bind_sequence(interpreter, receiver, _trimmed(part))
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        value = None if bound is None else folding.whole(interpreter.evaluate(bound, frame))
        if bound is not None and value is None:
            return UNKNOWN
        bounds.append(value)
    if not isinstance(receiver, (Container, ListValue, tuple, range, str, Assumed)):
        return UNKNOWN
    window = slice(*bounds)
    if isinstance(receiver, Container):
        pairs = receiver.fields["items"]
        inside = UNKNOWN if pairs is UNKNOWN else pairs[window]
        return Container(receiver.kind, receiver.node, {"items": inside})
    if isinstance(receiver, (tuple, range, str)):
        return receiver[window]
    if isinstance(receiver, Assumed):
        return Assumed(receiver.items[window], receiver.note)
    return new_list(UNKNOWN if receiver.items is UNKNOWN else receiver.items[window])


def _trimmed(part: cst.Slice) -> int:
    """``[:-1]`` and ``[1:]`` of a list of sizes leave one layer fewer than there are sizes."""
    return -1 if (part.lower is None) != (part.upper is None) else 0
