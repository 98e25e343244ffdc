"""Inits that set nothing: of a copy, of a loop's variable, of no layer there is, or not called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Copied,
    Drawn,
    ParameterRef,
    ParametersOf,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Frame,
    Function,
    Instance,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.pytorch import inits, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        _note(interpreter, node, "copy", value.text)
    elif isinstance(node, (cst.Attribute, cst.Name)):
        name = dotted(node)
        named = isinstance(value, (Bound, Function)) and _NAMED_INIT.search(name.rpartition(".")[2])
        own = isinstance(value, Qualified) and value.name.startswith(catalogue.INIT)
        if named or own:
            _note(interpreter, node, "uncalled", name)


def rebound(interpreter: Interpreter, node: cst.Assign, value: Value, frame: Frame) -> None:
    """``p = torch.randn(...)`` where p is the parameter a loop is at, and is not used again."""
    target = node.targets[0].target
    if not isinstance(target, cst.Name) or len(node.targets) > 1 or not interpreter.loops:
        return
    old, loop = frame.fields.get(target.value), interpreter.loops[-1]
    if not isinstance(loop, cst.For) or not isinstance(old, (ParameterRef, Drawn)):
        return
    over = interpreter.evaluate(loop.iter, frame) if isinstance(loop.iter, cst.Call) else UNKNOWN
    computed = isinstance(node.value, (cst.BinaryOperation, cst.Call)) and value is not old
    if not computed or not isinstance(over, ParametersOf):
        return
    if isinstance(old, ParameterRef) and value == old:
        return
    names = list(_names(loop.body, target.value))
    own = {id(one) for one in _names(node, target.value)}
    last = max(index for index, one in enumerate(names) if id(one) in own)
    if last == len(names) - 1:
        _note(interpreter, node, "variable", target.value)


def _names(node: cst.CSTNode, name: str) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name) and node.value == name:
        yield node
    for child in node.children:
        yield from _names(child, name)


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
