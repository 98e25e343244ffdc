"""Tensors that ask for a gradient, and what is made of parameters, as attributes of modules.

No module registers them, so whoever trains them must name them. Where the source does that, in an
optimizer, by hand or in a method that gives parameters, there is nothing to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import assigning, tending
from gradhealth_lint.semantics.domain.torch_values import Drawn, InitCall, Leaf
from gradhealth_lint.semantics.domain.values import (
    REGISTERS,
    UNKNOWN,
    ClassValue,
    DictValue,
    Either,
    ListValue,
    Value,
)
from gradhealth_lint.semantics.module_facts import Loose
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import leaves, products
from gradhealth_lint.semantics.training_facts import HandUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.domain.values import Instance
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: One parameter in a list may be hidden there on purpose.
_FEWEST: Final = 2
#: What switches autograd off where the interpretation does not see it.
_SWITCHED: Final = re.compile(r"set_grad_enabled|PreTrainedModel")
#: A state before the first step: zeros that asks for a gradient by habit.
_STATE: Final = re.compile(r"hidden|state|memory|cell|^[hc]x?_?\d*$|dummy", re.IGNORECASE)


def loose(
    interpreter: Interpreter, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Loose, ...]:
    """Every such attribute that its class uses."""
    found: dict[Loose, None] = {}
    registered = set(_registered(interpreter))
    for instance in interpreter.instances:
        cls = instance.cls
        if cls.foreign or not instance.is_module:
            continue
        for name, place, read in _attributes(interpreter, instance, registered):
            if id(place) in interpreter.sites or not tending.is_used(cls, name):
                continue
            if not tending.is_tended(cls, name, code):
                value = None if read[0] == "class" else assigning.assigned(cls, name)
                written = None if value is None else anchor(value)
                parts = assigning.remade(value, anchor)
                found[Loose(anchor(place), cls.name, name, *read, written, parts)] = None
    return tuple(found)


def hand_updates(
    interpreter: Interpreter, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[HandUpdate, ...]:
    """Changes of parameters by hand that fail or do nothing, each once."""
    if not interpreter.held.changed or _SWITCHED.search(code):
        return ()
    found = (
        HandUpdate(anchor(one.node), one.form, one.text, *_written(one.node, anchor))
        for one in interpreter.held.changed
    )
    return tuple(dict.fromkeys(found))


def _written(
    node: cst.CSTNode, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[str, int | None, int | None]:
    """The name of the method that is called, the places of what it is called on and given."""
    if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute)):
        return "", None, None
    plain = len(node.args) == 1 and node.args[0].keyword is None and not node.args[0].star
    given = anchor(node.args[0].value) if plain else None
    return node.func.attr.value, anchor(node.func.value), given


def _attributes(
    interpreter: Interpreter, instance: Instance, registered: set[int]
) -> Iterator[tuple[str, cst.CSTNode, tuple[str, str, bool]]]:
    """The attributes of a module, and of its class, that hold such tensors, with their places."""
    for name, value in instance.fields.items():
        key = id(instance), name
        for option in value.options if isinstance(value, Either) else (value,):
            read = _read(option, registered, name)
            place = interpreter.assigned.get(key)
            if isinstance(option, (Drawn, Leaf)):
                placed = interpreter.held.places.get((id(option), name))
                place = None if placed is None or key in interpreter.held.anew else placed[1]
            if read is not None and place is not None:
                yield name, place, read
    for base in classes.linear_bases(instance.cls):
        for name, value in base.fields.items() if isinstance(base, ClassValue) else ():
            if isinstance(value, Drawn) and _is_parameter(value) and name not in instance.fields:
                yield name, value.node, ("class", "", True)


def _registered(interpreter: Interpreter) -> Iterator[int]:
    """The identities of all parameters that some module knows of."""
    for instance in interpreter.instances:
        for value in instance.fields.values() if instance.is_module else ():
            one = products.only(value)
            known = isinstance(one, (ListValue, DictValue)) and REGISTERS in one.fields
            for held in _held(one) if known else (one,):
                if _is_parameter(held):
                    yield leaves.identity(held)


def _read(value: Value, registered: set[int], name: str) -> tuple[str, str, bool] | None:
    """The form of what an attribute holds, what made it, and whether of parameters."""
    if isinstance(value, (ListValue, DictValue, tuple)):
        form = "dict" if isinstance(value, DictValue) else "list"
        if not isinstance(value, tuple) and REGISTERS in value.fields:
            return None
        held = list(_held(value))
        trained = [one for one in held if leaves.is_trained(one)]
        if len(trained) < max(_FEWEST, len(held)) or _any_known(trained, registered):
            return None
        return form, "", leaves.origin(trained[0]).is_parameter
    if not leaves.is_trained(value) or _is_parameter(value) or _any_known([value], registered):
        return None
    of_parameter = leaves.origin(value).is_parameter
    if not of_parameter and _STATE.search(name) and _is_constant(value):
        return None
    return "result" if of_parameter else "tensor", value.made_by, of_parameter


def _held(value: Value) -> Iterator[Value]:
    """What is in a list, tuple or dict, and in those within."""
    items: Value = value if isinstance(value, tuple) else UNKNOWN
    if isinstance(value, ListValue):
        items = value.items
    elif isinstance(value, DictValue) and value.items is not UNKNOWN:
        items = tuple(item for _, item in value.items)
    for item in () if items is UNKNOWN else items:
        if isinstance(item, (ListValue, DictValue, tuple)):
            yield from _held(item)
        else:
            yield item


def _is_parameter(value: Value) -> bool:
    return isinstance(value, (Drawn, Leaf)) and value.is_parameter and not value.made_by


def _any_known(values: list[Value], registered: set[int]) -> bool:
    return any(leaves.identity(leaves.origin(one)) in registered for one in values)


def _is_constant(value: Value) -> bool:
    init = value.fields["init"] if isinstance(value, Drawn) else None
    return isinstance(init, InitCall) and init.name in {"zeros_", "ones_", "empty"}
