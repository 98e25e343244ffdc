"""The events a training loop is made of, recorded in the order they happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Optimizer, Scaler
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Bound,
    Function,
    Method,
    Qualified,
    Value,
)

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

BACKWARD: Final = "backward"
STEP: Final = "step"
CLIP: Final = "clip"
UNSCALE: Final = "unscale"
ZERO: Final = "zero_grad"
#: A framework that owns the loop did it: what else it does is not known.
FRAMEWORK: Final = "framework"
_WORDS: Final = frozenset({"backward", "manual_backward", "step", "zero_grad", "unscale_"})
_CLAMPS: Final = frozenset({"clamp", "clamp_", "clip", "clip_", "clamp_max_", "clamp_min_"})


@dataclass(frozen=True, slots=True)
class Event:
    """One call: of what kind, where, in which running loops, on what."""

    kind: str
    node: cst.Call
    loops: tuple[int, ...]
    receiver: Value
    text: str
    #: The scaler, if it was ``scaler.step(optimizer)`` or ``scaler.scale(loss).backward()``.
    scaler: Scaler | None = None


def observe(
    interpreter: Interpreter,
    node: cst.Call,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
) -> None:
    """Record a call if it is one of those that training loops are made of."""
    func = node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else ""
    if not name:
        name = callee.name.rpartition(".")[2] if isinstance(callee, Qualified) else dotted(func)
    lowered = name.lower()
    if "clip" in lowered or name in _CLAMPS:
        if _clips_gradients(lowered, name, func):
            _record(interpreter, CLIP, node, receiver)
        return
    if name not in _WORDS or isinstance(callee, (Bound, Function)):
        return  # a method of the file is followed instead
    if name == "zero_grad":
        _record(interpreter, ZERO, node, receiver)
    elif name == "unscale_":
        _record(interpreter, UNSCALE, node, receiver)
    elif name == "step":
        _step(interpreter, node, receiver, arguments)
    elif isinstance(func, cst.Attribute):
        owned = name == "manual_backward" or (
            bool(arguments.positional) and not isinstance(callee, Method)
        )
        _record(interpreter, FRAMEWORK if owned else BACKWARD, node, receiver)


def _clips_gradients(lowered: str, name: str, func: cst.BaseExpression) -> bool:
    if "clip" in lowered and "grad" in lowered:
        return True
    return name in _CLAMPS and "grad" in dotted(getattr(func, "value", None)).split(".")


def _step(interpreter: Interpreter, node: cst.Call, receiver: Value, arguments: Arguments) -> None:
    from gradhealth_lint.semantics.python import calls

    for closure in arguments.everything():
        if isinstance(closure, (Function, Bound)):
            calls.call(interpreter, closure, calls.NOTHING, node)
    text = dotted(getattr(node.func, "value", None))
    if isinstance(receiver, Scaler):
        optimizer = arguments.positional[0] if arguments.positional else UNKNOWN
        text = dotted(node.args[0].value) if node.args else ""
        _record(interpreter, STEP, node, optimizer, text=text, scaler=receiver)
    elif isinstance(receiver, Optimizer) or "opt" in text.lower():
        _record(interpreter, STEP, node, receiver)


def _record(
    interpreter: Interpreter,
    kind: str,
    node: cst.Call,
    receiver: Value,
    *,
    text: str = "",
    scaler: Scaler | None = None,
) -> None:
    interpreter.events.append(
        Event(
            kind,
            node,
            tuple(interpreter.loops),
            receiver,
            text or dotted(getattr(node.func, "value", None)),
            scaler,
        )
    )
