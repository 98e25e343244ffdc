"""When inits run: before a layer is there, or on one that is thrown away afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics.domain.torch_values import InitCall, Layer, ParametersOf
from gradhealth_lint.semantics.domain.values import MISSING, Instance, ListValue, Value
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter


@dataclass(slots=True)
class Early:
    """An init of a whole model that ran while the model was being made.

    ``function`` is what was applied, None of a loop; ``kinds`` are the kinds of layers it set.
    """

    instance: Instance
    node: cst.CSTNode = field(repr=False)
    constructor: cst.FunctionDef = field(repr=False)
    seen: frozenset[int]
    function: Value
    kinds: frozenset[str]


@dataclass(slots=True)
class Replaced:
    """An attribute whose layer had been set and was then made anew."""

    name: str
    call: InitCall
    old: Layer
    new: Layer


def applied(interpreter: Interpreter, module: Value, function: Value, node: cst.CSTNode) -> None:
    """``self.apply(function)`` in a constructor."""
    _note(interpreter, module, node, function, frozenset())


def looped(interpreter: Interpreter, node: cst.For, over: Value, before: int) -> None:
    """A loop over ``self.modules()`` or ``self.parameters()`` has ended; it set these inits."""
    if not interpreter.constructing or len(interpreter.inits) == before:
        return
    owner = over.owner if isinstance(over, ParametersOf) else MISSING
    if isinstance(over, ListValue) and isinstance(over.items, tuple) and over.items:
        first = over.items[0]
        owner = first[1] if isinstance(first, tuple) and len(first) > 1 else first
    kinds = frozenset(layer.kind for layer, _, _ in interpreter.inits[before:])
    _note(interpreter, owner, node.iter, None, kinds)


def _note(
    interpreter: Interpreter,
    module: Value,
    node: cst.CSTNode,
    function: Value,
    kinds: frozenset[str],
) -> None:
    if not interpreter.constructing or module is not interpreter.constructing[-1]:
        return
    if interpreter.conditions:
        return  # what comes after may be the other case
    running = [one for one in interpreter.calls if isinstance(one, cst.FunctionDef)]
    constructors = [one for one in running if one.name.value == "__init__"]
    if isinstance(module, Instance) and constructors and interpreter.site is None:
        seen = frozenset(id(layer) for layer in modules.layers(module))
        early = Early(module, node, constructors[-1], seen, function, kinds)
        interpreter.early.append(early)


def attribute(interpreter: Interpreter, receiver: Instance, name: str, value: Value) -> None:
    """``self.name = value``, noted where a layer that had been set goes for a new one."""
    old = receiver.fields.get(name)
    if isinstance(old, Layer) and isinstance(value, Layer) and old is not value:
        for parameter in inits.parameter_names(old):
            call = old.fields.get(parameter, MISSING)
            if isinstance(call, InitCall):
                interpreter.replaced.append(Replaced(name, call, old, value))
                return
