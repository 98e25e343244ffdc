"""The events a training loop is made of, recorded in the order they happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import UNKNOWN, Value

if TYPE_CHECKING:
    from gradhealth_lint.semantics.domain.torch_values import Scaler
    from gradhealth_lint.semantics.python.interpreter import Interpreter

BACKWARD: Final = "backward"
STEP: Final = "step"
CLIP: Final = "clip"
UNSCALE: Final = "unscale"
ZERO: Final = "zero_grad"
UPDATE: Final = "update"
SCHEDULE: Final = "schedule"
FORWARD: Final = "forward"
LOSS: Final = "loss"
DETACH: Final = "detach"
TRAIN: Final = "train"
EVAL: Final = "eval"
#: A hook on gradients: what it does to them is not read.
HOOK: Final = "hook"
#: The gradient is written or changed by hand.
EDIT: Final = "edit"
#: torch.autograd.grad(..., create_graph=True): a penalty on the gradient, or a second derivative.
PENALTY: Final = "penalty"
#: A call that cannot be followed got the model, its parameters or the optimizer.
HELPER: Final = "helper"
#: A framework runs the whole loop.
FIT: Final = "fit"

#: What makes code training code, and one turn of its loop enough.
_TRAINING: Final = frozenset({BACKWARD, STEP, CLIP, UNSCALE, ZERO, EDIT})


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """One thing done: of what kind, where, in which running loops and branches, on what."""

    kind: str
    node: cst.CSTNode
    loops: tuple[cst.CSTNode, ...]
    #: The undecided branches it stands in: the node with the test, and whether that holds.
    conditions: tuple[tuple[cst.CSTNode, bool], ...]
    receiver: Value
    text: str
    #: Which run of an outermost loop it is in.
    turn: int
    #: The scaler, if it was ``scaler.step(optimizer)`` or ``scaler.scale(loss).backward()``.
    scaler: Scaler | None = None
    #: The modules whose gradients are clipped, stepped or cleared; empty if not known.
    owners: tuple[Value, ...] = ()
    #: "norm", "value" or "hand" of a clip; the method's name elsewhere, where kinds have several.
    how: str = ""
    #: What is clipped to, UNKNOWN if the source does not tell.
    limit: Value = UNKNOWN
    #: The framework that does it, "" if it is the code's own doing.
    framework: str = ""
    #: What the code around it calls the model that is stepped, "" if that is not known.
    model: str = ""
    #: Of a clip: why it cannot work, whatever its limit; see ``loop_facts.LoopEvent``.
    flaw: str = ""
    #: Whether it happens under ``no_grad``.
    gradless: bool = False


def record(
    interpreter: Interpreter,
    kind: str,
    node: cst.CSTNode,
    receiver: Value,
    *,
    text: str | None = None,
    scaler: Scaler | None = None,
    owners: tuple[Value, ...] = (),
    how: str = "",
    limit: Value = UNKNOWN,
    framework: str = "",
    model: str = "",
    flaw: str = "",
) -> None:
    """Note that this happened, here and now."""
    if text is None:
        text = dotted(getattr(getattr(node, "func", None), "value", None))
    if kind in _TRAINING:
        interpreter.trained += 1
    interpreter.events.append(
        Event(
            kind,
            interpreter.at(node),
            tuple(interpreter.loops),
            tuple(interpreter.conditions),
            receiver,
            text,
            interpreter.turn,
            scaler,
            owners,
            how,
            limit,
            framework or interpreter.host,
            model if interpreter.site is None else "",
            flaw,
            bool(interpreter.gradless),
        )
    )
