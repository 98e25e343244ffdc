"""Layers that their module does not know of: in a plain list or dict, or made in forward.

What a module does not know of, ``parameters()`` does not give to an optimizer, ``to()`` does not
move and ``state_dict()`` does not save.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ClassValue,
    DictValue,
    ListValue,
    Value,
)
from gradhealth_lint.semantics.module_facts import Made, Unregistered
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: One thing in a list may be hidden there on purpose: a teacher that must not be trained.
_FEWEST: Final = 2
#: What a class that registers, freezes or collects its layers by itself mentions.
_BY_ITSELF: Final = frozenset(
    {"add_module", "register_module", "setattr", "requires_grad_", "requires_grad", "parameters",
     "named_parameters", "add_param_group", "register_parameter"}
)  # fmt: skip


def unregistered(
    interpreter: Interpreter, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Unregistered, ...]:
    """Attributes of modules that hold layers in a plain list, tuple or dict and are used."""
    found: dict[Unregistered, None] = {}
    for instance in interpreter.instances:
        if instance.cls.foreign or not instance.is_module:
            continue
        known = {id(module) for _, module in modules.named_modules(instance)}
        for name, value in instance.fields.items():
            place = interpreter.assigned.get((id(instance), name))
            layers = [layer for held in _held(value) for layer in _trained(held)]
            hidden = [layer for layer in layers if id(layer) not in known]
            if place is None or id(place) in interpreter.sites or len(hidden) < _FEWEST:
                continue
            if len(hidden) == len(layers) and _is_left_to_torch(instance.cls, name):
                form = "dict" if isinstance(value, DictValue) else "list"
                kind = hidden[0].kind
                found[Unregistered(anchor(place), instance.cls.name, name, form, kind)] = None
    return tuple(found)


def made_in_forward(
    interpreter: Interpreter, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Made, ...]:
    """Layers with parameters that a forward pass makes, applies and throws away."""
    kept = {
        id(module)
        for instance in interpreter.instances
        for _, module in modules.named_modules(instance)
    }
    found = {
        Made(anchor(layer.node), layer.kind)
        for layer in interpreter.used_up
        if id(layer) not in kept and id(layer.node) not in interpreter.sites
    }
    return tuple(sorted(found, key=lambda made: made.anchor))


def _held(value: Value) -> Iterator[Value]:
    """The modules in a list, tuple or dict, and in those within."""
    items: Value = ()
    if isinstance(value, ListValue):
        items = value.items
    elif isinstance(value, DictValue) and value.items is not UNKNOWN:
        items = tuple(item for _, item in value.items)
    elif isinstance(value, tuple):
        items = value
    for item in () if items is UNKNOWN else items:
        if is_module(item):
            yield item
        else:
            yield from _held(item)


def _trained(module: Value) -> Iterator[Layer]:
    """The layers of a module that have parameters."""
    return (layer for layer in modules.layers(module) if inits.parameter_names(layer))


def _is_left_to_torch(cls: ClassValue, name: str) -> bool:
    """Whether a class applies what an attribute holds, and does nothing else about it."""
    used = False
    for base in classes.linear_bases(cls):
        if not isinstance(base, ClassValue):
            continue
        for method in base.node.body.body:
            inside = list(_nodes(method))
            if any(_mentioned(node) in _BY_ITSELF for node in inside):
                return False
            if isinstance(method, cst.FunctionDef) and method.name.value != "__init__":
                used = used or any(
                    isinstance(node, cst.Attribute) and dotted(node) == f"self.{name}"
                    for node in inside
                )
    return used


def _mentioned(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(current.children)
