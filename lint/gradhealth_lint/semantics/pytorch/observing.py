"""Recognising, among all calls and assignments, those that training loops are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Manager,
    Optimizer,
    Scaled,
    Scaler,
    Scheduler,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Bound,
    ClassValue,
    Function,
    Instance,
    Method,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.pytorch import (
    applying,
    clipping,
    events,
    frameworks,
    naming,
    ownership,
    wiring,
)
from gradhealth_lint.semantics.pytorch.applying import MODEL, OPTIMIZER, SCALER
from gradhealth_lint.semantics.pytorch.events import record

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Variables that by their name hold a scheduler, a loss.
_SCHEDULER: Final = re.compile(r"sched|(^|\.|_)lr(_|$)|warmup", re.I)
_LOSS: Final = re.compile(r"loss|objective|error", re.I)
#: Receivers of ``backward(loss)`` that are more than the loss itself.
_MANAGER: Final = re.compile(r"accel|fabric|engine|strategy|trainer|amp|deepspeed|scaler", re.I)
_CUTTING: Final = frozenset({"item", "detach", "detach_", "numpy", "tolist"})
_REGISTERING: Final = frozenset(
    {"register_hook", "register_full_backward_hook", "register_backward_hook",
     "register_post_accumulate_grad_hook", "register_full_backward_pre_hook",
     "register_multi_grad_hook", "register_optimizer_step_pre_hook", "register_step_pre_hook"}
)  # fmt: skip


def call(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> None:
    """Record a call if it is one of those that training loops are made of."""
    func = node.func
    name = func.attr.value if isinstance(func, cst.Attribute) else ""
    if not name:
        name = callee.name.rpartition(".")[2] if isinstance(callee, Qualified) else dotted(func)
    if isinstance(callee, (Bound, Function, ClassValue)):
        return  # it is followed instead
    ownership.called(interpreter, node, receiver, arguments.everything(), interpreter.frame)
    if clipping.observe(interpreter, node, name, receiver, arguments):
        return
    handler = _BY_NAME.get(name)
    if handler is not None and isinstance(func, cst.Attribute):
        handler(interpreter, node, receiver, callee, arguments)
    elif isinstance(callee, Qualified) and callee.name == "torch.autograd.grad":
        if arguments.keywords.get("create_graph") not in {None, False}:
            record(interpreter, events.PENALTY, node, UNKNOWN, text="")
    elif not interpreter.forwarding:
        applying.observe(interpreter, node, name, receiver, callee, arguments)


def _backward(
    interpreter: Interpreter, node: cst.Call, receiver: Value, callee: Value, arguments: Arguments
) -> None:
    framework = ""
    text = dotted(getattr(node.func, "value", None))
    if isinstance(receiver, Manager):
        framework = receiver.framework
    elif _named(node) == "manual_backward":
        framework = "lightning"
    elif arguments.positional and not isinstance(callee, Method):
        passed = dotted(node.args[0].value)
        owned = _LOSS.search(passed) or _MANAGER.search(text) or text == "self"
        framework = "unknown" if owned and not _LOSS.search(text) else ""
    scaler = receiver.scaler if isinstance(receiver, Scaled) else None
    inner = getattr(node.func, "value", None)
    started = arguments.positional[0] if framework and arguments.positional else receiver
    given = node.args if framework else ()
    scales = isinstance(inner, cst.Call) and _named(inner) == "scale"
    if isinstance(inner, cst.Call) and scales:
        given = inner.args
        if given and isinstance(given[0].value, (cst.Name, cst.Attribute)):
            started = interpreter.evaluate(given[0].value, interpreter.frame)
    wiring.backward(interpreter, node, started)
    if given:
        text = dotted(given[0].value)
    record(
        interpreter, events.BACKWARD, node, receiver,
        text=text, scaler=scaler, framework=framework, how="scaled" if scales or scaler else "",
    )  # fmt: skip


def _step(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, arguments: Arguments
) -> None:
    from gradhealth_lint.semantics.python import calls

    text = dotted(getattr(node.func, "value", None))
    last = text.rpartition(".")[2]
    if isinstance(receiver, Manager):
        return  # frameworks.call records it
    if isinstance(receiver, Scheduler) or (
        not isinstance(receiver, Optimizer) and _SCHEDULER.search(last)
    ):
        how = "explicit" if arguments.everything() else ""
        record(interpreter, events.SCHEDULE, node, receiver, how=how)
        return
    for closure in arguments.everything():
        if isinstance(closure, (Function, Bound)):
            calls.call(interpreter, closure, calls.NOTHING, node)
    if isinstance(receiver, Scaler) or (SCALER.search(last) and arguments.positional):
        optimizer = arguments.positional[0] if arguments.positional else UNKNOWN
        text = dotted(node.args[0].value) if node.args else ""
        scaler = receiver if isinstance(receiver, Scaler) else Scaler(UNKNOWN)
        ownership.stepped(interpreter, optimizer, text)
        record(
            interpreter, events.STEP, node, optimizer,
            text=text, scaler=scaler, owners=clipping.owners([optimizer]), how="scaled",
            model=naming.model_of(optimizer, interpreter.frame),
        )  # fmt: skip
    elif isinstance(receiver, Optimizer) or OPTIMIZER.search(text) or _cleared(interpreter, text):
        how = "closure" if arguments.everything() else ""
        if _is_one_of_several(interpreter, receiver, text):
            how = "each"
        owners = clipping.owners([receiver])
        model = naming.model_of(receiver, interpreter.frame)
        ownership.stepped(interpreter, receiver, text)
        record(interpreter, events.STEP, node, receiver, owners=owners, how=how, model=model)


def _is_one_of_several(interpreter: Interpreter, receiver: Value, text: str) -> bool:
    """Whether a running loop goes over optimizers, or over what holds them, and this is one."""
    root = text.partition(".")[0]
    targets = [loop.target for loop in interpreter.loops if isinstance(loop, cst.For)]
    named = any(root in walking.names(target) for target in targets)
    if receiver is UNKNOWN and interpreter.frame.fields.get(root) is not UNKNOWN:
        return named  # a name that nothing in view binds
    return named or any(one is receiver for one in interpreter.handed)


def _cleared(interpreter: Interpreter, text: str) -> bool:
    """Whether ``text.zero_grad()`` has been seen: then ``text.step()`` is an optimizer's."""
    return any(event.kind == events.ZERO and event.text == text for event in interpreter.events)


def _zero(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, __: Arguments
) -> None:
    owners = clipping.owners([receiver])
    record(interpreter, events.ZERO, node, receiver, owners=owners)


def _unscale(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, arguments: Arguments
) -> None:
    optimizer = arguments.positional[0] if arguments.positional else UNKNOWN
    scaler = receiver if isinstance(receiver, Scaler) else Scaler(UNKNOWN)
    text = dotted(node.args[0].value) if node.args else ""
    record(
        interpreter, events.UNSCALE, node, optimizer,
        text=text, scaler=scaler, owners=clipping.owners([optimizer]),
    )  # fmt: skip


def _update(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, __: Arguments
) -> None:
    if isinstance(receiver, Scaler) or SCALER.search(dotted(getattr(node.func, "value", None))):
        scaler = receiver if isinstance(receiver, Scaler) else Scaler(UNKNOWN)
        record(interpreter, events.UPDATE, node, receiver, scaler=scaler)


def _mode(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, arguments: Arguments
) -> None:
    last = dotted(getattr(node.func, "value", None)).rpartition(".")[2]
    if isinstance(receiver, Instance) and not receiver.is_module:
        framework = frameworks.of_class(receiver.cls)
        if framework:
            record(interpreter, events.FIT, node, receiver, framework=framework)
        return
    given = arguments.everything()
    alone = not given and (receiver is UNKNOWN or isinstance(receiver, Symbol))
    if interpreter.forwarding or not (is_module(receiver) or MODEL.search(last) or alone):
        return
    training = _named(node) == "train" and not (given and given[0] is False)
    record(interpreter, events.TRAIN if training else events.EVAL, node, receiver)


def _cut(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, __: Arguments
) -> None:
    if not interpreter.forwarding and interpreter.loops:
        text = dotted(getattr(node.func, "value", None))
        if _LOSS.search(text):
            record(interpreter, events.DETACH, node, receiver, how=_named(node))


def _hook(
    interpreter: Interpreter, node: cst.Call, receiver: Value, _: Value, __: Arguments
) -> None:
    record(
        interpreter, events.HOOK, node, receiver,
        owners=clipping.owners([receiver]), how=_named(node),
    )  # fmt: skip


def _named(node: cst.Call) -> str:
    return node.func.attr.value if isinstance(node.func, cst.Attribute) else ""


_BY_NAME: Final = {
    "backward": _backward,
    "manual_backward": _backward,
    "step": _step,
    "zero_grad": _zero,
    "unscale_": _unscale,
    "update": _update,
    "train": _mode,
    "eval": _mode,
    **dict.fromkeys(_CUTTING, _cut),
    **dict.fromkeys(_REGISTERING, _hook),
}
