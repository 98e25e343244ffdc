"""Names and the functions that close over them."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import canonical
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    ClassValue,
    Frame,
    Function,
    Qualified,
    Value,
)

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_BUILTINS: Final = frozenset(dir(builtins))
#: Keywords to Python, names to libcst.
_CONSTANTS: Final[dict[str, Value]] = {"None": None, "True": True, "False": False}
_STAR_NAMES: Final = {
    "torch.nn": frozenset(catalogue.SIGNATURES)
    | frozenset(catalogue.ACTIVATION_LAYERS)
    | catalogue.NORMS
    | catalogue.HARMLESS_LAYERS
    | catalogue.CONTAINERS
    | {"Module", "Parameter", "init", "functional"},
    "torch.nn.functional": frozenset(catalogue.ACTIVATION_FUNCTIONS) | catalogue.HARMLESS_FUNCTIONS,
    "torch.nn.init": frozenset(catalogue.INIT_SIGNATURES),
    "torch": frozenset({"nn", "optim", "no_grad", "sigmoid", "tanh", "relu", "cat"}),
    "torch.optim": frozenset({"SGD", "Adam", "AdamW", "RMSprop", "Adagrad"}),
}


def look_up(name: str, frame: Frame) -> Value:
    """The value of a name as seen from a frame; UNKNOWN if it is bound nowhere."""
    if name in _CONSTANTS:
        return _CONSTANTS[name]
    scope: Frame | None = frame
    stars: tuple[str, ...] = ()
    while scope is not None:
        value = scope.fields.get(name, MISSING)
        if value is not MISSING:
            return value
        stars = scope.stars or stars
        scope = scope.parent
    for module in reversed(stars):
        if module not in _STAR_NAMES:
            break  # it may bring the name along as well
        if name in _STAR_NAMES[module]:
            return Qualified(canonical(f"{module}.{name}"))
    if name in _BUILTINS:
        return Qualified(f"builtins.{name}")
    return UNKNOWN


def closure(frame: Frame) -> Frame:
    """The frame that functions defined in ``frame`` see: a class body is not visible to them."""
    while frame.is_class and frame.parent is not None:
        frame = frame.parent
    return frame


def make_function(
    interpreter: Interpreter, node: cst.FunctionDef, frame: Frame, owner: ClassValue | None
) -> Function:
    """The function a def statement makes, with its decorators' effect on how it is called."""
    kind = "plain"
    for decorator in node.decorators:
        called = decorator.decorator
        name = called.value if isinstance(called, cst.Name) else ""
        if name in {"staticmethod", "classmethod", "property"}:
            kind = name
        elif name == "cached_property" or (
            isinstance(called, cst.Attribute) and called.attr.value == "cached_property"
        ):
            kind = "property"
    name = node.name.value
    return Function(
        name, node, closure(frame), owner, _defaults(interpreter, node.params, frame), kind
    )


def make_lambda(interpreter: Interpreter, node: cst.Lambda, frame: Frame) -> Function:
    """The function of a lambda expression."""
    defaults = _defaults(interpreter, node.params, frame)
    return Function("<lambda>", node, closure(frame), frame.owner, defaults)


def _defaults(
    interpreter: Interpreter, parameters: cst.Parameters, frame: Frame
) -> dict[str, Value]:
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return {
        parameter.name.value: interpreter.evaluate(parameter.default, frame)
        for parameter in every
        if parameter.default is not None
    }
