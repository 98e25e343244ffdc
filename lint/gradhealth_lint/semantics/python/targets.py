"""Assignment: to names, attributes, elements, and several at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain import comparing, folding
from gradhealth_lint.semantics.domain.graph import INPUT, Node
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Drawn,
    Layer,
    Leaf,
    ParameterRef,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ClassValue,
    DictValue,
    Either,
    Frame,
    Instance,
    ListValue,
    Namespace,
    Value,
    is_constant,
    new_list,
    tensors_in,
)
from gradhealth_lint.semantics.python import iteration
from gradhealth_lint.semantics.pytorch import (
    clipping,
    cutting,
    drawn,
    freezing,
    ordering,
    severing,
    updating,
    wiring,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter


def assign(interpreter: Interpreter, target: cst.CSTNode, value: Value, frame: Frame) -> None:
    """``target = value``."""
    if target.__class__ is cst.Name:
        if isinstance(value, Drawn) and not value.text:
            value.text = target.value
        scope = frame.elsewhere.get(target.value, frame)
        interpreter.store.write(scope.fields, target.value, value)
        if target.value in scope.forms:
            interpreter.store.write(scope.forms, target.value, "")
    elif target.__class__ is cst.Attribute:
        receiver = interpreter.evaluate(target.value, frame)
        if target.attr.value in {"grad", "_grad"}:
            clipping.assigned(interpreter, target, receiver, value)
        elif target.attr.value == "requires_grad" and isinstance(receiver, ParameterRef):
            freezing.ask(interpreter, receiver, value)
            return
        elif (
            target.attr.value == "requires_grad"
            and value is True
            and not isinstance(receiver, Drawn)
        ):
            assign(interpreter, target.value, wiring.require(interpreter, target, receiver), frame)
            return
        if isinstance(value, Drawn) and not value.text:
            value.text = dotted(target)
        if isinstance(receiver, Instance):
            _note(interpreter, receiver, target, value)
        severing.give_away(interpreter, [value])
        set_attribute(interpreter, receiver, target.attr.value, value)
    elif isinstance(target, (cst.Tuple, cst.List)):
        _unpack(interpreter, target.elements, value, frame)
    elif isinstance(target, cst.Subscript):
        _set_element(interpreter, target, value, frame)


def _note(
    interpreter: Interpreter, receiver: Instance, target: cst.Attribute, value: Value
) -> None:
    """Note where a module gets what may hold parameters that it does not know of.

    A tensor that is assigned anew after the constructor is a state and not trained.
    """
    key = id(receiver), target.attr.value
    if isinstance(value, (ListValue, DictValue, tuple)):
        interpreter.assigned[key] = interpreter.at(target)
    elif not interpreter.constructing:
        interpreter.held.anew.add(key)
    for one in value.options if isinstance(value, Either) else (value,):
        if isinstance(one, (Drawn, Leaf)):
            interpreter.held.places[id(one), target.attr.value] = one, interpreter.at(target)


def set_attribute(interpreter: Interpreter, receiver: Value, name: str, value: Value) -> None:
    """``receiver.name = value``."""
    if isinstance(receiver, Instance):
        ordering.attribute(interpreter, receiver, name, value)
    if isinstance(receiver, (Instance, ClassValue, Namespace)):
        interpreter.store.write(receiver.fields, name, value)
    elif isinstance(receiver, Layer):
        drawn.by_assignment(interpreter, ParameterRef(receiver, name), value)
    elif isinstance(receiver, ParameterRef) and name == "data":
        drawn.by_assignment(interpreter, receiver, value)
    elif isinstance(receiver, Drawn):
        drawn.set_attribute(interpreter, receiver, name, value)
    elif isinstance(receiver, Container):
        set_child(interpreter, receiver, name, value)


def set_child(interpreter: Interpreter, container: Container, name: str, value: Value) -> None:
    """Put a module into a container under a name, in place of one that has it."""
    items = container.fields["items"]
    if items is UNKNOWN:
        return
    if any(key == name for key, _ in items):
        items = tuple((key, value if key == name else old) for key, old in items)
    else:
        items = (*items, (name, value))
    interpreter.activity += 1
    interpreter.store.write(container.fields, "items", items)


def _unpack(
    interpreter: Interpreter, elements: Sequence[cst.BaseElement], value: Value, frame: Frame
) -> None:
    if isinstance(value, Node):
        items: tuple[Value, ...] | None = None
        filler: Value = interpreter.node("opaque", (value,), label="unpacking")
    else:
        items, filler = iteration.iterated(interpreter, value), cutting.derived(value)
    starred = [isinstance(element, cst.StarredElement) for element in elements]
    if items is None or (len(items) != len(elements) and True not in starred):
        for element, star in zip(elements, starred, strict=True):
            rest = new_list(UNKNOWN) if star else filler
            assign(interpreter, element.value, rest, frame)
        return
    before = starred.index(True) if True in starred else len(elements)
    after = len(elements) - before - 1
    for element, item in zip(elements[:before], items, strict=False):
        assign(interpreter, element.value, item, frame)
    if before < len(elements):
        end = len(items) - after
        assign(interpreter, elements[before].value, new_list(items[before:end]), frame)
        for element, item in zip(elements[before + 1 :], items[end:], strict=False):
            assign(interpreter, element.value, item, frame)


def _set_element(
    interpreter: Interpreter, target: cst.Subscript, value: Value, frame: Frame
) -> None:
    receiver = interpreter.evaluate(target.value, frame)
    updating.set_element(interpreter, target, receiver, frame)
    if not isinstance(receiver, Node) or receiver.operation == INPUT:
        severing.give_away(interpreter, [value])
    element = target.slice[0].slice if len(target.slice) == 1 else None
    key: Value = UNKNOWN
    if isinstance(element, cst.Index):
        key = folding.resolved(interpreter.evaluate(element.value, frame))
    if isinstance(receiver, DictValue):
        known = is_constant(key) and receiver.items is not UNKNOWN
        pairs: Value = UNKNOWN
        if known:
            pairs = (*(p for p in receiver.items if not comparing.equal(p[0], key)), (key, value))
        elif (
            is_module(value) or isinstance(value, (Drawn, Leaf))
        ) and receiver.items is not UNKNOWN:
            interpreter.activity += 1
            pairs = (*receiver.items, (key, value))
        interpreter.store.write(receiver.fields, "items", pairs)
    elif isinstance(receiver, ListValue):
        items = receiver.items
        if isinstance(key, int) and items is not UNKNOWN and -len(items) <= key < len(items):
            changed = list(items)
            changed[key] = value
            interpreter.store.write(receiver.fields, "items", tuple(changed))
        else:
            interpreter.store.write(receiver.fields, "items", UNKNOWN)
    elif isinstance(receiver, Drawn):
        drawn.forget(interpreter, receiver)
    elif isinstance(receiver, Container):
        set_child(interpreter, receiver, str(key) if is_constant(key) else "?", value)
    elif isinstance(receiver, ParameterRef):
        from gradhealth_lint.semantics.python import subscripts
        from gradhealth_lint.semantics.pytorch import parts

        whole = isinstance(element, cst.Slice) and not (element.lower or element.upper)
        if receiver.part is None and (whole or _is_ellipsis(element)):
            drawn.by_element(interpreter, receiver, value, target)
            return
        part = subscripts.parameter_part(interpreter, receiver, element, frame)
        parts.set_to(interpreter, part, value)
    elif isinstance(receiver, Node) and isinstance(target.value, cst.Name):
        put = (receiver, *tensors_in([value]))
        changed_tensor = interpreter.node("opaque", put, label="assignment to a part")
        assign(interpreter, target.value, changed_tensor, frame)


def _is_ellipsis(element: cst.CSTNode | None) -> bool:
    return isinstance(element, cst.Index) and isinstance(element.value, cst.Ellipsis)
