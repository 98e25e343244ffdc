"""Which parameter of a function gets which argument of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    ClassValue,
    Function,
    Symbol,
    Value,
    new_dict,
    new_list,
)
from gradhealth_lint.semantics.python import classes

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

NOTHING: Final = Arguments([], {})


def bind(interpreter: Interpreter, function: Function, arguments: Arguments) -> dict[str, Value]:
    """The names a call starts with: arguments, defaults, and symbols for what nobody gives."""
    parameters = function.node.params
    ordered = (*parameters.posonly_params, *parameters.params)
    names = [parameter.name.value for parameter in ordered]
    bound: dict[str, Value] = dict(zip(names, arguments.positional, strict=False))
    extra = arguments.positional[len(names) :]
    others: list[tuple[Value, Value]] = []
    every = {parameter.name.value: parameter for parameter in (*ordered, *parameters.kwonly_params)}
    for key, value in arguments.keywords.items():
        if key in every:
            bound[key] = value
        else:
            others.append((key, value))
    for name, parameter in every.items():
        if name not in bound:
            default = function.defaults.get(name)
            if arguments.open:
                bound[name] = UNKNOWN
            elif parameter.default is not None:
                bound[name] = default
            else:
                bound[name] = _ungiven(interpreter, function, parameter)
    if isinstance(parameters.star_arg, cst.Param):
        bound[parameters.star_arg.name.value] = (
            new_list(UNKNOWN) if arguments.open else tuple(extra)
        )
    if parameters.star_kwarg is not None:
        bound[parameters.star_kwarg.name.value] = new_dict(UNKNOWN if arguments.open else others)
    return bound


def _ungiven(interpreter: Interpreter, function: Function, parameter: cst.Param) -> Value:
    """An argument nobody gives: a dataclass of the file with its defaults, else a symbol."""
    if parameter.annotation is not None:
        annotated = interpreter.evaluate(parameter.annotation.annotation, function.frame)
        if isinstance(annotated, ClassValue) and annotated.is_dataclass:
            return classes.instantiate(interpreter, annotated, NOTHING, parameter)
    return Symbol(parameter.name.value)
