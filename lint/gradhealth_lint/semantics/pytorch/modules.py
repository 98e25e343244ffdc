"""nn.Module: its children and parameters, its methods, and applying it to tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.graph import AFFINE, HARMLESS, INPUT, NORM, OPAQUE, Node
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Container,
    Drawn,
    Layer,
    ParameterRef,
    ParametersOf,
    Squashed,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Arguments,
    Bound,
    Composed,
    DictValue,
    Either,
    Function,
    Instance,
    ListValue,
    Partial,
    Qualified,
    Value,
    tensors_in,
)
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import drawn, inits, products, tensors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Words in the name of an unread function that say it may set parameters.
_SETTING_WORDS: Final = ("init", "reset", "load", "pretrained", "weight", "norm_", "fill")


def children(module: Value) -> list[tuple[str, Value]]:
    """The modules registered directly on this one, with their names, in order."""
    if isinstance(module, Container):
        pairs = module.fields["items"]
        named = () if pairs is UNKNOWN else pairs
    elif isinstance(module, Instance):
        named = tuple(module.fields.items())
    else:
        return []
    found: list[tuple[str, Value]] = []
    for name, value in named:
        options = value.options if isinstance(value, Either) else (value,)
        found.extend((name, option) for option in options if is_module(option))
    return found


def named_modules(module: Value) -> list[tuple[str, Value]]:
    """The module and everything below it, each once, parents first."""
    found: list[tuple[str, Value]] = []
    seen: set[int] = set()

    def visit(prefix: str, value: Value) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        found.append((prefix, value))
        for name, child in children(value):
            visit(f"{prefix}.{name}" if prefix else name, child)

    visit("", module)
    return found


def within(several: Iterable[Value]) -> Iterator[Value]:
    """All modules in any of these, and they themselves, each once."""
    seen: set[int] = set()
    waiting = list(several)
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen.add(id(value))
            yield value
            waiting.extend(child for _, child in children(value))


def layers(module: Value) -> list[Layer]:
    """All layers of torch.nn in a module."""
    return [value for _, value in named_modules(module) if isinstance(value, Layer)]


def parameters(module: Value, *, named: bool = False) -> Iterator[Value]:
    """All parameters of a module; with ``named`` as (name, parameter)."""
    for prefix, value in named_modules(module):
        if isinstance(value, Layer):
            for name in inits.parameter_names(value):
                parameter = ParameterRef(value, name)
                if named:
                    yield Composed(f"{prefix}.{name}" if prefix else name), parameter
                else:
                    yield parameter
        for name, one in made_by_hand(value):
            yield (Composed(f"{prefix}.{name}" if prefix else name), one) if named else one


def made_by_hand(module: Value) -> Iterator[tuple[str, Drawn]]:
    """The parameters that are a module's own, alone or in a list, with the attribute's name."""
    for name, value in module.fields.items() if isinstance(module, Instance) else ():
        held: Value = (products.only(value),)
        if isinstance(value, ListValue):
            held = value.items
        elif isinstance(value, DictValue):
            held = UNKNOWN if value.items is UNKNOWN else [one for _, one in value.items]
        for one in () if held is UNKNOWN else held:
            if isinstance(one, Drawn) and one.is_parameter:
                yield name, one


def owners(values: list[Value]) -> tuple[Value, ...]:
    """The modules that these arguments are the parameters of."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, ParametersOf):
            found.append(value.owner)
        elif isinstance(value, ParameterRef):
            found.append(value.layer)
        elif isinstance(value, tuple):
            found.extend(owners(list(value)))
        elif hasattr(value, "items") and isinstance(value.items, tuple):
            found.extend(owners(list(value.items)))
    return tuple({id(owner): owner for owner in found}.values())


def forget(interpreter: Interpreter, module: Value) -> None:
    """Something that is not read may have set all parameters of this module."""
    inits.forget(interpreter, layers(module))
    for _, one in named_modules(module):
        for value in one.fields.values() if isinstance(one, Instance) else ():
            drawn.forget(interpreter, value)
        for _, value in made_by_hand(one):
            drawn.forget(interpreter, value)


def forget_what_is_passed(interpreter: Interpreter, given: list[Value], node: cst.CSTNode) -> None:
    """An unread function got these: what it may have initialised is no longer known.

    Once the file has trained something, initialisation is over: what loads a checkpoint then
    does not tell how training began.
    """
    given = [value for value in given if value is not UNKNOWN]
    if interpreter.trained or not given:
        return
    name = dotted(getattr(node, "func", None)).rpartition(".")[2].lower()
    telling = any(word in name for word in _SETTING_WORDS)
    for value in given:
        if isinstance(value, ParameterRef):
            if telling or interpreter.constructing:
                interpreter.store.write(value.layer.fields, value.name, UNKNOWN)
        elif is_module(value) and (telling or interpreter.constructing):
            forget(interpreter, value)
        elif not interpreter.forwarding:
            drawn.forget(interpreter, value)


def apply_function(
    interpreter: Interpreter, module: Value, function: Value, node: cst.CSTNode
) -> None:
    """``module.apply(function)``: children first, then the module itself."""
    from gradhealth_lint.semantics.python import calls, imports

    for _, child in children(module):
        apply_function(interpreter, child, function, node)
    if isinstance(function, Qualified):
        function = imports.resolved(interpreter, function)
    if isinstance(function, (Function, Bound, Partial)):
        calls.call(interpreter, function, Arguments([module], {}), node)
    else:
        forget(interpreter, module)


def apply(
    interpreter: Interpreter, module: Value, arguments: Arguments, node: cst.CSTNode
) -> Value:
    """``module(*arguments)``: the graph of its forward pass.

    Outside a forward pass the result is not followed: training code has no use for it.
    """
    if not interpreter.forwarding:
        return UNKNOWN
    if isinstance(module, Instance):
        return _apply_instance(interpreter, module, arguments, node)
    inputs = tensors_in(arguments.everything())
    source = inputs[0] if inputs else interpreter.node(INPUT)
    if isinstance(module, Container):
        if module.kind != "Sequential":
            return tensors.opaque(interpreter, module.kind, inputs)
        interpreter.applied.add(id(module))
        pairs = module.fields["items"]
        modules = UNKNOWN if pairs is UNKNOWN else [child for _, child in pairs]
        return chain(interpreter, modules, source, node)
    if id(module) in interpreter.fresh and inits.parameter_names(module):
        interpreter.used_up.append(module)
    made = _apply_layer(interpreter, module, source, inputs)
    ending = catalogue.SQUASHING_LAYERS | catalogue.RECTIFYING_LAYERS
    if module.kind in ending and isinstance(made, Node):
        squashed = Squashed(ending[module.kind], module.node)
        interpreter.squashed[id(made)] = (made, squashed)
    return made


def chain(interpreter: Interpreter, modules: Value, source: Node, node: cst.CSTNode) -> Value:
    """What Sequential does: each module on the result of the one before."""
    from gradhealth_lint.semantics.python import calls

    if modules is UNKNOWN:
        return tensors.opaque(interpreter, "Sequential", [source])
    value: Value = source
    for module in modules:
        value = calls.call(interpreter, module, Arguments([value], {}), node)
    return value


def _apply_layer(interpreter: Interpreter, layer: Layer, source: Node, inputs: list[Node]) -> Value:
    kind = layer.kind
    if kind in catalogue.AFFINE_KINDS:
        return interpreter.node(AFFINE, (source,), label=kind, layer=layer)
    if kind in catalogue.ACTIVATION_LAYERS:
        name, _ = catalogue.ACTIVATION_LAYERS[kind]
        return tensors.activation(interpreter, name, layer.arguments, source)
    if kind in catalogue.NORMS:
        return interpreter.node(NORM, (source,), label=kind, layer=layer)
    if kind in catalogue.HARMLESS_LAYERS:
        return interpreter.node(HARMLESS, (source,), label=kind, layer=layer)
    return interpreter.node(OPAQUE, inputs or (source,), label=kind, layer=layer)


def _apply_instance(
    interpreter: Interpreter, module: Instance, arguments: Arguments, node: cst.CSTNode
) -> Value:
    from gradhealth_lint.semantics.python import calls

    interpreter.applied.add(id(module))
    forward = classes.find(module.cls, "forward")
    if isinstance(forward, Function):
        return calls.call(interpreter, Bound(forward, module), arguments, node)
    inputs = tensors_in(arguments.everything())
    if forward is MISSING and classes.torch_base(module.cls) == "Sequential" and inputs:
        return chain(interpreter, [child for _, child in children(module)], inputs[0], node)
    return tensors.opaque(interpreter, module.cls.name, inputs)
