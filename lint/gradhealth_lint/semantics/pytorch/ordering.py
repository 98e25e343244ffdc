"""When inits run: before a layer is there, or on one that is thrown away afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain.torch_values import (
    InitCall,
    Layer,
    ParameterRef,
    ParametersOf,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    Composed,
    Frame,
    Instance,
    ListValue,
    Value,
)
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.python.interpreter import Interpreter


@dataclass(slots=True)
class Early:
    """An init of a whole model that ran while the model was being made.

    ``attempt`` does to one layer, known by its path, what the init did to those there were.
    """

    instance: Instance
    node: cst.CSTNode = field(repr=False)
    constructor: cst.FunctionDef = field(repr=False)
    seen: frozenset[int]
    attempt: Callable[[str, Layer], object]


@dataclass(slots=True)
class Replaced:
    """An attribute whose layer had been set and was then made anew."""

    name: str
    call: InitCall
    old: Layer
    new: Layer


def applied(interpreter: Interpreter, module: Value, function: Value, node: cst.CSTNode) -> None:
    """``self.apply(function)`` in a constructor."""
    _note(
        interpreter,
        module,
        node,
        lambda _, layer: modules.apply_function(interpreter, layer, function, node),
    )


def looped(interpreter: Interpreter, node: cst.For, over: Value, frame: Frame) -> None:
    """A loop over ``self.modules()`` or ``self.parameters()`` is starting in a constructor."""
    if not interpreter.constructing:
        return
    owner: Value = MISSING
    named = of_parameters = isinstance(over, ParametersOf)
    if isinstance(over, ParametersOf):
        owner, named = over.owner, over.named
    elif isinstance(over, ListValue) and isinstance(over.items, tuple) and over.items:
        named = isinstance(over.items[0], tuple)
        owner = over.items[0][-1] if named and over.items[0] else over.items[0]

    def attempt(path: str, layer: Layer) -> None:
        from gradhealth_lint.semantics.python.targets import assign

        items: list[tuple[str, Value]] = [(path, layer)]
        if of_parameters:
            names = inits.parameter_names(layer)
            items = [(f"{path}.{name}", ParameterRef(layer, name)) for name in names]
        for name, value in items:
            assign(interpreter, node.target, (Composed(name), value) if named else value, frame)
            interpreter.execute(node.body.body, frame)

    _note(interpreter, owner, node.iter, attempt)


def _note(
    interpreter: Interpreter,
    module: Value,
    node: cst.CSTNode,
    attempt: Callable[[str, Layer], object],
) -> None:
    if not interpreter.constructing or module is not interpreter.constructing[-1]:
        return
    if interpreter.conditions:
        return  # what comes after may be the other case
    running = [one for one in interpreter.calls if isinstance(one, cst.FunctionDef)]
    constructors = [one for one in running if one.name.value == "__init__"]
    if isinstance(module, Instance) and constructors and interpreter.site is None:
        seen = frozenset(id(layer) for layer in modules.layers(module))
        interpreter.lost.append(Early(module, node, constructors[-1], seen, attempt))


def attribute(interpreter: Interpreter, receiver: Instance, name: str, value: Value) -> None:
    """``self.name = value``, noted where a layer that had been set goes for a new one."""
    old = receiver.fields.get(name)
    if isinstance(old, Layer) and isinstance(value, Layer) and old is not value:
        for parameter in inits.parameter_names(old):
            call = old.fields.get(parameter, MISSING)
            if isinstance(call, InitCall):
                interpreter.lost.append(Replaced(name, call, old, value))
                return
