"""Init calls as facts: those in force, what each of them sets, and where that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import InitCall, ParameterRef
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Value
from gradhealth_lint.semantics.layer_facts import init_from
from gradhealth_lint.semantics.module_facts import Tied
from gradhealth_lint.semantics.network_facts import InitTarget, InitUse
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import freezing, inits, modules

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from gradhealth_lint.semantics.domain.torch_values import Layer
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: A model with fewer matrices has no hidden units.
_FEWEST = 2


class Place(NamedTuple):
    """Where a layer is applied: its stack, None if it stands alone, and what follows it there."""

    stack: int | None
    position: int
    activation: str
    rescaled: bool


def init_uses(
    interpreter: Interpreter, places: dict[int, Place], anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[InitUse, ...]:
    """Every init call that is still in force for some parameter."""
    if not interpreter.inits:
        return ()
    targets: dict[int, list[InitTarget]] = {}
    written: dict[int, InitCall] = {}
    held = {id(layer) for layer in modules.within(interpreter.instances)}
    for layer, name, call in interpreter.inits:
        if not _in_force(layer.fields.get(name, MISSING), call):
            continue
        if id(call.node) in interpreter.sites:
            continue
        written[id(call.node)] = call
        out_of_view = id(layer) in held and layer.kind in catalogue.AFFINE_KINDS
        target = _target(layer, name, places.get(id(layer)), held=out_of_view)
        targets.setdefault(id(call.node), []).append(target)
    whole = _whole_models(interpreter) if written else {}
    return tuple(
        InitUse(
            anchor(call.node), init_from(call), tuple(dict.fromkeys(targets[key])),
            call.target, call.callee, whole.get(key, ""),
        )
        for key, call in written.items()
    )  # fmt: skip


def ties(
    interpreter: Interpreter, places: dict[int, Place], anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Tied, ...]:
    """Heads that share an embedding whose init nothing has changed, as far as is in view."""
    if not interpreter.tied:
        return ()
    outside = [one for one in interpreter.instances if not classes.is_in_view(one.cls)]
    hidden = {id(layer) for layer in modules.within(outside)}
    found: dict[Tied, None] = {}
    for head, table, node in interpreter.tied:
        place = places.get(id(head))
        left = table.fields.get("weight", MISSING) is MISSING
        shared = head.fields.get("weight", MISSING) is UNKNOWN
        rescaled = place is not None and place.rescaled
        if left and shared and not rescaled and not hidden & {id(head), id(table)}:
            width = folding.whole(table.arguments.get("embedding_dim"))
            sides = node.targets[0].target, node.value
            written, given = (dotted(getattr(side, "value", None)) for side in sides)
            found[Tied(anchor(node), written, given, width)] = None
    return tuple(found)


def _target(layer: Layer, name: str, place: Place | None, *, held: bool) -> InitTarget:
    """The fact of one parameter; ``held`` says that a model has it and applies it out of view."""
    fan_in, fan_out = inits.fans(layer)
    parameter = ParameterRef(layer, name)
    return InitTarget(
        layer.kind,
        name,
        fan_in,
        fan_out,
        inits.multiplies(parameter),
        None if place is None else place.stack,
        None if place is None else place.activation,
        None if place is None or place.stack is None else place.position,
        every=not layer.arguments,
        frozen=freezing.asked(parameter) is not True,
        rescaled=layer.fields.get("reparametrised") is True
        or (held if place is None else place.rescaled),
    )


def _in_force(value: Value, call: InitCall) -> bool:
    options = getattr(value, "options", (value,))
    return any(option is call for option in options)


def _whole_models(interpreter: Interpreter) -> dict[int, str]:
    """The model all of whose matrices a call sets, by the identity of the call's node."""
    found: dict[int, str] = {}
    for instance in interpreter.instances:
        if instance.cls.foreign:
            continue
        held = modules.layers(instance)
        calls = [
            layer.fields.get(name, UNKNOWN)
            for layer in held
            for name in inits.parameter_names(layer)
            if inits.multiplies(ParameterRef(layer, name))
        ]
        nodes = {id(call.node) if isinstance(call, InitCall) else None for call in calls}
        if len(calls) >= _FEWEST and len(nodes) == 1 and None not in nodes:
            found.setdefault(nodes.pop() or 0, instance.cls.name)
    return found
