"""Layers that their module does not know of: in a plain list or dict, or made in forward.

What a module does not know of, ``parameters()`` does not give to an optimizer, ``to()`` does not
move and ``state_dict()`` does not save.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import assigning, tending
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.torch_values import is_module
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    ClassValue,
    DictValue,
    Function,
    Instance,
    ListValue,
    Value,
)
from gradhealth_lint.semantics.module_facts import Made, Unregistered
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import freezing, inits, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: One thing in a list may be hidden there on purpose: a teacher that must not be trained.
_FEWEST: Final = 2
#: What a class that registers its layers by itself mentions.
_BY_ITSELF: Final = frozenset({"add_module", "register_module", "setattr"})


def unregistered(
    interpreter: Interpreter, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Unregistered, ...]:
    """Attributes of modules that hold layers out of the module's view and are used."""
    found: dict[Unregistered, None] = {}
    for instance in interpreter.instances:
        if instance.cls.foreign or not instance.is_module:
            continue
        known: set[int] | None = None
        for name, place, form, held in _attributes(interpreter, instance):
            if known is None:
                known = {id(module) for _, module in modules.named_modules(instance)}
            layers = [layer for one in held for layer in _trained(one)]
            hidden = [layer for layer in layers if id(layer) not in known]
            fewest = 1 if form in {"class", "object"} else _FEWEST
            frozen = any(map(freezing.may_be_frozen, layers))
            if frozen or id(place) in interpreter.sites or len(hidden) < max(fewest, len(layers)):
                continue
            if _is_left_to_torch(instance.cls, name) and not tending.is_tended(
                instance.cls, name, code
            ):
                holder = instance.fields.get(name)
                plain = form in {"list", "dict"}
                value = assigning.holdable(instance.cls, name, holder, code) if plain else None
                fact = Unregistered(
                    anchor(place),
                    instance.cls.name,
                    name,
                    form,
                    hidden[0].kind,
                    holder.cls.name if form == "object" and isinstance(holder, Instance) else "",
                    None if value is None else anchor(value),
                )
                found[fact] = None
    return tuple(found)


def made_in_forward(
    interpreter: Interpreter, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Made, ...]:
    """Layers with parameters that a forward pass makes, applies and throws away."""
    if not interpreter.used_up:
        return ()
    kept = {id(module) for module in modules.within(interpreter.instances)}
    found = {
        Made(anchor(layer.node), layer.kind)
        for layer in interpreter.used_up
        if id(layer) not in kept and id(layer.node) not in interpreter.sites
    }
    return tuple(sorted(found, key=lambda made: made.anchor))


def _attributes(
    interpreter: Interpreter, instance: Instance
) -> Iterator[tuple[str, cst.CSTNode, str, list[Value]]]:
    """What may hide modules: name, place, form, and the modules in it."""
    for name, value in instance.fields.items():
        place = interpreter.assigned.get((id(instance), name))
        if place is not None:
            yield name, place, "dict" if isinstance(value, DictValue) else "list", [*_held(value)]
        if isinstance(value, Instance) and _could_be_module(value):
            yield name, value.node, "object", [one for _, one in modules.children(value)]
    for base in classes.linear_bases(instance.cls):
        for name, value in base.fields.items() if isinstance(base, ClassValue) else ():
            held = [value] if is_module(value) else [*_held(value)]
            layers = [layer for one in held for layer in _trained(one)]
            if layers and name not in instance.fields:
                yield name, layers[0].node, "class", held


def _could_be_module(value: Instance) -> bool:
    """Whether an object has a forward pass and is no module: its class forgot the base."""
    named = {
        name
        for name in ("forward", "__call__", "parameters")
        if isinstance(classes.find(value.cls, name), Function)
    }
    return not (value.is_module or value.cls.foreign or "parameters" in named) and bool(named)


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
    """Whether a class applies what an attribute holds, and registers nothing by itself."""
    return tending.is_used(cls, name) and not any(
        _mentioned(node) in _BY_ITSELF
        for method in tending.methods(cls)
        for node in walking.within(method)
    )


def _mentioned(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""
