"""Parts of parameters: ``bias[n:2 * n]``, and what setting one does to the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Value

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import ParameterRef
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Of torch's gates of an LSTM (input, forget, cell, output).
_FORGET: Final = 1
_FORGET_KEY: Final = "{} of the forget gate"


def of(parameter: ParameterRef, bounds: tuple[Value, Value] | None) -> ParameterRef:
    """The rows within these bounds, or another part."""
    if bounds is None or parameter.part is not None:
        return replace(parameter, part=UNKNOWN)
    first, end = (folding.whole(bound) for bound in bounds)
    return replace(parameter, part=UNKNOWN if first is None or end is None else (first, end))


def set_to(interpreter: Interpreter, target: ParameterRef, value: Value) -> None:
    """All of the part is this number now.

    A forget gate's bias is remembered; after any other part the whole is no longer known.
    """
    fields = target.layer.fields
    hidden = folding.whole(target.layer.arguments.get("hidden_size"))
    interpreter.activity += 1
    gate = None if hidden is None else (_FORGET * hidden, (_FORGET + 1) * hidden)
    if "LSTM" in target.layer.kind and target.name.startswith("bias") and target.part == gate:
        number = folding.number(value)
        key = _FORGET_KEY.format(target.name)
        interpreter.store.write(fields, key, UNKNOWN if number is None else number)
    else:
        interpreter.store.write(fields, target.name, UNKNOWN)


def forget_gate(fields: dict[str, Value], name: str) -> Value:
    """What the forget gate's part of a bias was set to, MISSING if it was not."""
    return fields.get(_FORGET_KEY.format(name), MISSING)


def forgotten(interpreter: Interpreter, target: ParameterRef) -> None:
    """The whole has been set: its parts have no story of their own."""
    if forget_gate(target.layer.fields, target.name) is not MISSING:
        interpreter.store.write(target.layer.fields, _FORGET_KEY.format(target.name), MISSING)
