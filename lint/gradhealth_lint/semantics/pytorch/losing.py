"""Inits that set nothing: of a copy, of a loop's variable, of no layer there is, or not called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, walking
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Copied,
    Drawn,
    ParameterRef,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Function,
    Instance,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.pytorch import inits, modules, updating

if TYPE_CHECKING:
    from gradhealth_lint.semantics.lost_facts import Form
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_NAMED_INIT: Final = re.compile(r"(^|_)(init|reset)(ialize|ialise)?(_|$)")
_SETS: Final = re.compile(
    r"init\.|\.(normal_|uniform_|fill_|zero_)\(|(xavier|kaiming|orthogonal|trunc_normal|constant)_"
)
#: Each parameter of a module, by its layer and name, with how it was set.
_State = tuple[tuple[int, str, int], ...]


@dataclass(slots=True)
class Lost:
    """An init that sets nothing, and the user's words for it."""

    node: cst.CSTNode = field(repr=False)
    form: Form
    text: str


def discarded(interpreter: Interpreter, node: cst.BaseExpression, value: Value) -> None:
    """A statement that is an expression: its value is thrown away."""
    if isinstance(value, Copied) and value.text:
        if any(one.attr.value == "clone" for one in walking.nodes_within(node, cst.Attribute)):
            _note(interpreter, node, "copy", value.text)
    elif name := dotted(node):
        named = isinstance(value, (Bound, Function)) and _NAMED_INIT.search(name.rpartition(".")[2])
        own = isinstance(value, Qualified) and value.name.startswith(catalogue.INIT)
        if named or own:
            _note(interpreter, node, "uncalled", name)
    elif node.__class__ is cst.Call:
        name = called(node)
        if name != "apply" and "init" not in name.lower():
            return
        copied = [node.func.value] if isinstance(node.func, cst.Attribute) else []
        copied += [one.value for one in node.args]
        given = [dotted(one.value) for one in node.args]
        asked = given if name == "apply" else [name]
        if any("init" in one.lower() for one in asked) and any(_is_copy(one) for one in copied):
            _note(interpreter, node, "copy", name)


def _method(node: cst.Call) -> str:
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else ""


def _is_copy(node: cst.BaseExpression) -> bool:
    """``copy.deepcopy(model)``, whose result has no name."""
    return isinstance(node, cst.Call) and dotted(node.func).rpartition(".")[2] == "deepcopy"


def rebound(interpreter: Interpreter, node: cst.Assign, value: Value) -> None:
    """``p = torch.randn(...)`` where p is the parameter a loop is at, and is not used again."""
    if not interpreter.loops:
        return
    target, loop = node.targets[0].target, interpreter.loops[-1]
    if not isinstance(target, cst.Name) or len(node.targets) > 1 or not isinstance(loop, cst.For):
        return
    name = target.value
    over = _method(loop.iter) if isinstance(loop.iter, cst.Call) else ""
    if over not in {"parameters", "named_parameters"} or not _names(loop.target, name):
        return
    if updating.by_gradient(node.value, name):
        return
    scaled = isinstance(node.value, cst.BinaryOperation) and _names(node.value, name)
    if not scaled and not isinstance(value, Drawn):
        return
    own = {id(one) for one in _names(node, name)}
    if id(_names(loop.body, name)[-1]) in own:
        _note(interpreter, node, "variable", name)


def _names(node: cst.CSTNode, name: str) -> list[cst.Name]:
    return [one for one in walking.nodes_within(node, cst.Name) if one.value == name]


def state(module: Value) -> _State:
    """How everything in a module was set, to compare with."""
    return tuple(
        (id(layer), name, id(layer.fields.get(name, MISSING)))
        for layer in modules.layers(module)
        for name in inits.parameter_names(layer)
    )


def unmatched(
    interpreter: Interpreter, module: Value, function: Value, node: cst.CSTNode, before: _State
) -> None:
    """``module.apply(function)`` is over: whether it has set anything."""
    called = function.function if isinstance(function, Bound) else function
    if not before or state(module) != before or not isinstance(called, Function):
        return
    if not _is_known(module) or not any(
        inits.multiplies(ParameterRef(layer, name))
        for layer in modules.layers(module)
        for name in inits.parameter_names(layer)
    ):
        return
    if _SETS.search(cst.Module([]).code_for_node(called.node)):
        _note(interpreter, node, "unmatched", called.name)


def _is_known(module: Value) -> bool:
    """Whether every module within is in view, and none has parameters of its own."""
    return not any(
        value is UNKNOWN or isinstance(value, (Symbol, Drawn))
        for _, one in modules.named_modules(module)
        for value in (one.fields.values() if isinstance(one, Instance) else ())
    ) and is_module(module)


def _note(interpreter: Interpreter, node: cst.CSTNode, form: Form, text: str) -> None:
    if interpreter.site is None:
        interpreter.lost.append(Lost(node, form, text))
