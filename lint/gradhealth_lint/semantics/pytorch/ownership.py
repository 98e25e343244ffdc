"""What an optimizer was given when it was made, and what is put in its place before it steps.

Source that nobody can follow is told by its text: ``model`` of ``Adam(model.parameters())``, in
the scope that binds the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Layer, Optimizer, is_module
from gradhealth_lint.semantics.domain.values import Instance, Value
from gradhealth_lint.semantics.pytorch import freezing, inits, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.semantics.domain.values import Frame
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.rating import Rated
    from gradhealth_lint.semantics.training_facts import StaleForm

_GIVING: Final = frozenset({"parameters", "named_parameters"})
_PUTTING: Final = frozenset({"add_module", "register_module", "register_parameter", "append"})
_GENERATING: Final = frozenset({"parameters", "filter", "chain", "map"})
#: Names under which nothing but a model is called.
_MODEL: Final = re.compile(r"model|net|encoder|decoder|generator|discriminator|actor|critic", re.I)
#: Calls that give back a model with the parameters of the one they get, by another name.
_FAITHFUL: Final = re.compile(r"prepare|wrap|parallel|compile|setup|initialize", re.I)


@dataclass(slots=True)
class Generator:
    """A variable that holds ``model.parameters()``: it can be gone over once."""

    loops: tuple[cst.CSTNode, ...]
    source: tuple[str, ...]
    consumed: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """``model`` of ``Adam(model.parameters())``, and the scope or object that binds it."""

    text: str
    home: object


@dataclass(frozen=True, slots=True)
class Stale:
    """What an optimizer does not own, and where it was put into the model."""

    node: cst.CSTNode
    form: StaleForm
    name: str
    optimizer: str


@dataclass(slots=True)
class Ownership:
    """What one file's optimizers and generators of parameters are known to have."""

    generators: dict[tuple[int, str], Generator] = field(default_factory=dict)
    #: Scopes are kept alive, or another would get their identity.
    scopes: list[object] = field(default_factory=list)
    sources: list[tuple[Optimizer, tuple[Source, ...]]] = field(default_factory=list)
    late: list[tuple[Optimizer, Stale]] = field(default_factory=list)
    found: list[Stale] = field(default_factory=list)
    rated: list[Rated] = field(default_factory=list)
    #: Where optimizers were made; those that stepped a model that is frozen to its last part.
    made: list[tuple[Optimizer, cst.Call]] = field(default_factory=list)
    frozen: list[tuple[Optimizer, cst.Call, str]] = field(default_factory=list)


def made(interpreter: Interpreter, optimizer: Optimizer, node: cst.Call) -> None:
    """Note what a new optimizer was given."""
    first = _parameters(node)
    if first is None:
        return
    owned, frame = interpreter.ownership, interpreter.frame
    owned.made.append((optimizer, node))
    if isinstance(first, cst.Attribute) and first.attr.value == "parameters":
        holder = interpreter.evaluate(first.value, frame)
        if is_module(holder) or (
            not isinstance(holder, Instance) and _MODEL.search(dotted(first.value))
        ):
            name = dotted(first)
            owned.found.append(Stale(interpreter.at(node), "uncalled", name, optimizer.kind))
        return
    if isinstance(first, cst.List) and not first.elements:
        owned.found.append(Stale(interpreter.at(node), "empty", "[]", optimizer.kind))
        return
    texts = tuple(_sources(first))
    generator = _generator(interpreter, first, frame)
    if generator is not None:
        generator.consumed, texts = True, generator.source
    owned.sources.append((optimizer, tuple(Source(text, _home(text, frame)) for text in texts)))


def spent(interpreter: Interpreter, node: cst.BaseExpression) -> bool:
    """Whether an argument is a generator of parameters that something has gone over before."""
    generator = _generator(interpreter, node, interpreter.frame)
    if generator is None:
        return False
    outside = len(generator.loops) < len(interpreter.loops)
    return generator.consumed or outside


def assigned(
    interpreter: Interpreter, target: cst.CSTNode, node: cst.CSTNode, value: Value, frame: Frame
) -> None:
    """Note what ``target = node`` does to generators, and to models that optimizers own."""
    owned = interpreter.ownership
    if isinstance(target, cst.Name):
        scope = frame.elsewhere.get(target.value, frame)
        key = id(scope), target.value
        owned.generators.pop(key, None)
        if _generates(node):
            owned.scopes.append(scope)
            loops = tuple(interpreter.loops)
            owned.generators[key] = Generator(loops, tuple(_sources(node)))
    text = dotted(target) if isinstance(target, (cst.Name, cst.Attribute)) else ""
    if not owned.sources or not text:
        return
    for optimizer, sources in owned.sources:
        for source in sources:
            if _home(text, frame) is not source.home:
                continue
            if text == source.text and _is_another_model(node, value, text):
                _late(interpreter, optimizer, "model", text, target)
            elif text.startswith(f"{source.text}.") and _is_new(interpreter, node, value, frame):
                _late(interpreter, optimizer, "layer", text, target)


def called(
    interpreter: Interpreter, node: cst.Call, receiver: Value, given: list[Value], frame: Frame
) -> None:
    """Note ``optimizer.add_param_group(...)`` and ``model.add_module(name, layer)``."""
    func = node.func
    if not isinstance(func, cst.Attribute) or not interpreter.ownership.sources:
        return
    owned, name = interpreter.ownership, func.attr.value
    if name == "add_param_group":
        owned.sources = [entry for entry in owned.sources if entry[0] is not receiver]
        owned.late = [entry for entry in owned.late if entry[0] is not receiver]
    elif name in _PUTTING and any(map(_has_parameters, given)):
        text = dotted(func.value)
        for optimizer, sources in owned.sources:
            for source in sources:
                inside = f"{text}.".startswith(f"{source.text}.")
                if inside and _home(text, frame) is source.home:
                    _late(interpreter, optimizer, "layer", f"{text}.{name}()", node)


def stepped(interpreter: Interpreter, optimizer: Value, text: str) -> None:
    """An optimizer steps: what was put into its model before is never updated."""
    owned = interpreter.ownership
    for one, node in owned.made:
        frozen = one is optimizer and interpreter.site is None
        if frozen and one.owners and all(map(freezing.is_frozen, one.owners)):
            owned.frozen.append((one, node, one.text.partition(".parameters")[0]))
    for one, stale in owned.late:
        if one is optimizer:
            owned.found.append(Stale(stale.node, stale.form, stale.name, text or "the optimizer"))


def _late(
    interpreter: Interpreter, optimizer: Optimizer, form: StaleForm, name: str, node: cst.CSTNode
) -> None:
    stale = Stale(interpreter.at(node), form, name, optimizer.kind)
    interpreter.ownership.late.append((optimizer, stale))


def _parameters(node: cst.Call) -> cst.BaseExpression | None:
    for argument in node.args:
        if argument.star:
            return None
        if argument.keyword is None or argument.keyword.value == "params":
            return argument.value
    return None


def _sources(node: cst.CSTNode) -> Iterator[str]:
    """``model`` of every ``model.parameters()`` in an expression."""
    for inner in walking.within(node):
        func = inner.func if isinstance(inner, cst.Call) else None
        if isinstance(func, cst.Attribute) and func.attr.value in _GIVING:
            text = dotted(func.value)
            if text:
                yield text


def _generates(node: cst.CSTNode) -> bool:
    """``model.parameters()``, or a generator expression or filter over it."""
    if isinstance(node, cst.GeneratorExp):
        return any(_sources(node))
    if not isinstance(node, cst.Call):
        return False
    name = dotted(node.func).rpartition(".")[2]
    return name in _GENERATING and any(_sources(node))


def _generator(
    interpreter: Interpreter, node: cst.BaseExpression, frame: Frame
) -> Generator | None:
    if not isinstance(node, cst.Name):
        return None
    scope: Frame | None = frame
    while scope is not None:
        if node.value in scope.fields:
            return interpreter.ownership.generators.get((id(scope), node.value))
        scope = scope.parent
    return None


def _home(text: str, frame: Frame) -> object:
    """What binds a name: the object for what is in ``self``, else the scope."""
    root = text.partition(".")[0]
    scope: Frame | None = frame
    while scope is not None:
        value = scope.fields.get(root)
        if value is not None:
            return value if isinstance(value, Instance) and root == "self" else scope
        scope = scope.parent
    return frame


def _is_another_model(node: cst.CSTNode, value: Value, text: str) -> bool:
    """Whether ``model = ...`` makes a new one, and does not wrap or move the old one."""
    if not isinstance(node, cst.Call):
        return False
    name = dotted(node.func).rpartition(".")[2]
    if name in {"deepcopy", "clone"} or is_module(value):
        again = name not in {"deepcopy", "clone"}
        return not (again and _mentions(node, text))
    root = text.partition(".")[0]
    return (
        name[:1].isupper()
        and not _FAITHFUL.search(name)
        and not _mentions(node, text)
        and not _mentions(node, root)
    )


def _is_new(interpreter: Interpreter, node: cst.CSTNode, value: Value, frame: Frame) -> bool:
    """A new layer with parameters, or a parameter."""
    if isinstance(node, cst.Call) and dotted(node.func).rpartition(".")[2] == "Parameter":
        return True
    if not _has_parameters(value) or not isinstance(node, cst.Call):
        return False
    # A layer that is given back by a call that got something of the model may be the old one.
    return not any(
        is_module(interpreter.evaluate(argument.value, frame))
        for argument in node.args
        if isinstance(argument.value, (cst.Name, cst.Attribute))
    )


def _has_parameters(value: Value) -> bool:
    layers = [value] if isinstance(value, Layer) else []
    if is_module(value) and not layers:
        layers = modules.layers(value)
    return any(inits.parameter_names(layer) for layer in layers)


def _mentions(node: cst.CSTNode, text: str) -> bool:
    return any(
        dotted(inner) == text
        for inner in walking.within(node)
        if isinstance(inner, (cst.Name, cst.Attribute))
    )
