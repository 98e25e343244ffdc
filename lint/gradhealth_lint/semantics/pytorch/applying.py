"""Recognising what is applied in a training loop: models, losses, and helpers out of view."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Layer,
    Manager,
    Optimizer,
    ParameterRef,
    ParametersOf,
    Scaler,
    Scheduler,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    DictValue,
    Instance,
    ListValue,
    Method,
    Qualified,
    Symbol,
    Value,
)
from gradhealth_lint.semantics.pytorch import clipping, events
from gradhealth_lint.semantics.pytorch.events import record

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Variables that by their name hold a model, an optimizer, a loss function.
MODEL: Final = re.compile(
    r"(^|_)(model|net|network|module|generator|discriminator|policy)\d*$|^net", re.I
)
OPTIMIZER: Final = re.compile(r"opt", re.I)
SCALER: Final = re.compile(r"scaler", re.I)
_LOSS_FUNCTION: Final = re.compile(
    r"^(criterion|loss_?(fn|func|function)|objective)|(?<!scale)_loss$", re.I
)
#: Names of calls after which a gradient may have changed although nothing telling was passed.
_CALLBACK: Final = re.compile(r"hook|callback|handler|plugin|grad|strategy|(^|_)on_", re.I)
_FUNCTIONAL_LOSSES: Final = frozenset(
    {"cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"}
)
#: Methods of tensors, the gradient among them, which change no other's gradient.
_OF_TENSORS: Final = catalogue.HARMLESS_METHODS | frozenset(
    {"size", "dim", "numel", "pow", "square", "norm", "sum", "mean", "std", "var", "abs", "max",
     "min", "sqrt", "detach", "expand", "repeat", "item", "tolist", "isnan", "isinf", "isfinite",
     "any", "all"}
)  # fmt: skip
#: Methods that by their name fetch, compute, choose or write down something and train nothing.
_QUIET: Final = re.compile(
    r"^_*(sample|draw|next|get|fetch|load|read|make|gen(erate)?|prep(are|rocess)?|noise|log|save|"
    r"print|plot|write|report|store|push|remember|compute|calc(ulate)?|encode|decode|embed|"
    r"predict|select|choose|act|collect|should|is|has)(_|$)(?!.*(grad|zero|step|optim|back|clip))",
    re.I,
)
#: Calls that read what they are given and leave gradients alone.
_READING: Final = frozenset(
    {"log", "debug", "info", "item", "size", "add_scalar", "state_dict", "save", "set_postfix",
     "parameters", "named_parameters", "modules", "named_modules", "tqdm", "optimizers",
     "lr_schedulers", "log_dict", "toggle_optimizer", "untoggle_optimizer"}
)  # fmt: skip
#: Calls that may put a model into training mode, and those that have to do with its data only.
_MODE: Final = re.compile(r"train|(^|_)mode($|_)", re.I)
_DATA: Final = re.compile(r"load|data|iter|log|save|transform|sampler|split|trainable", re.I)
#: Values whose methods are known not to touch gradients, the telling ones apart.
_HARMLESS_RECEIVERS: Final = (
    str, ParametersOf, ParameterRef, Optimizer, Scheduler, Scaler, Manager, ListValue, DictValue,
)  # fmt: skip


def observe(
    interpreter: Interpreter,
    node: cst.Call,
    name: str,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
) -> None:
    """A model, a loss function, or a helper that cannot be followed."""
    how = "untracked" if interpreter.gradless else ""
    of_torch = isinstance(callee, Qualified) and callee.name.startswith("torch.")
    made = name[:1].isupper()  # a Trainer, its arguments
    if not of_torch and not made and _MODE.search(name) and not _DATA.search(name):
        record(interpreter, events.TRAIN, node, UNKNOWN, text="")
    if is_module(callee):
        is_loss = isinstance(callee, Layer) and callee.kind.endswith("Loss")
        kind = events.LOSS if is_loss else events.FORWARD
        record(interpreter, kind, node, callee, text=dotted(node.func), how=how)
    elif isinstance(callee, Qualified) and callee.name.startswith(catalogue.FUNCTIONAL):
        if name.endswith("_loss") or name in _FUNCTIONAL_LOSSES:
            record(interpreter, events.LOSS, node, callee, text=dotted(node.func))
    elif isinstance(callee, Manager) or (
        not isinstance(callee, (Qualified, Method)) and MODEL.search(name)
    ):
        model = callee.model if isinstance(callee, Manager) else callee
        record(interpreter, events.FORWARD, node, model, text=dotted(node.func), how=how)
    elif _LOSS_FUNCTION.search(name):
        record(interpreter, events.LOSS, node, callee, text=dotted(node.func))
    elif interpreter.trained and name not in _READING:
        _helper(interpreter, node, name, receiver, callee, arguments)


def _helper(
    interpreter: Interpreter,
    node: cst.Call,
    name: str,
    receiver: Value,
    callee: Value,
    arguments: Arguments,
) -> None:
    """A call that is not followed, if it can get at gradients."""
    if isinstance(callee, Qualified) and callee.name.startswith(("torch.", "builtins.")):
        return
    if isinstance(callee, Method) and isinstance(callee.receiver, _HARMLESS_RECEIVERS):
        return
    given = arguments.everything()
    if not _QUIET.search(name) and not _is_held(receiver, name):
        given = [*given, receiver]
    reached = [value for value in given if reaches(value)]
    if reached or (arguments.open and arguments.everything() == []):
        owners = clipping.owners(reached)
        how = "scaler" if isinstance(node.func, cst.Attribute) or _scales(node, arguments) else ""
        text = dotted(node.func)
        record(interpreter, events.HELPER, node, receiver, text=text, owners=owners, how=how)
    elif not isinstance(callee, Method) and name not in _OF_TENSORS and _may_be_told(node):
        record(interpreter, events.HELPER, node, receiver, text=dotted(node.func))


def _may_be_told(node: cst.Call) -> bool:
    """Whether what is called may have been told of the model before, by its name."""
    return bool(_CALLBACK.search(dotted(node.func)))


def _scales(node: cst.Call, arguments: Arguments) -> bool:
    """Whether what is given is, or may hold, a loss scaler."""
    return any(SCALER.search(dotted(one.value)) for one in node.args) or any(
        isinstance(value, (Scaler, Instance, tuple)) for value in arguments.everything()
    )


def _is_held(receiver: Value, name: str) -> bool:
    """Whether an object was given what is called: then that does not know the object."""
    return isinstance(receiver, Instance) and name in receiver.fields


def reaches(value: Value) -> bool:
    """Whether what gets this value can change gradients by it."""
    if isinstance(value, (Optimizer, ParametersOf, ParameterRef, Scaler)) or is_module(value):
        return True
    if isinstance(value, Symbol):
        return bool(MODEL.search(value.name) or OPTIMIZER.search(value.name))
    if isinstance(value, Instance):
        return any(isinstance(held, Optimizer) or is_module(held) for held in value.fields.values())
    return isinstance(value, tuple) and any(reaches(item) for item in value)
