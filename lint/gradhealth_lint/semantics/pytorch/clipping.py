"""Gradient clipping in all its spellings, and whose gradients a call is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Manager,
    Optimizer,
    ParameterRef,
    is_module,
)
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    ClassValue,
    DictValue,
    Instance,
    Value,
)
from gradhealth_lint.semantics.pytorch import events, modules, ownership
from gradhealth_lint.semantics.pytorch.events import record

if TYPE_CHECKING:
    from gradhealth_lint.semantics.python.interpreter import Interpreter

_CLAMPS: Final = frozenset({"clamp", "clamp_", "clip", "clip_", "clamp_max_", "clamp_min_"})
#: In-place methods that change a gradient by hand.
_CHANGES: Final = frozenset(
    {"mul_", "div_", "copy_", "add_", "sub_", "renorm_", "nan_to_num_", "masked_fill_", "fill_"}
)
#: Parameters of the calls whose order is known; others are taken by keyword.
_SIGNATURES: Final = {
    "clip_grad_norm_": ("parameters", "max_norm", "norm_type"),
    "clip_grad_norm": ("parameters", "max_norm", "norm_type"),
    "clip_grad_value_": ("parameters", "clip_value"),
    "clip_grad_value": ("parameters", "clip_value"),
    "clip_grads_with_norm_": ("parameters", "max_norm", "total_norm"),
    "clip_gradients": ("module", "optimizer", "clip_val", "max_norm"),
}
_LIMITS: Final = ("max_norm", "clip_value", "clip_val", "gradient_clip_val", "max_grad_norm")


def observe(
    interpreter: Interpreter, node: cst.Call, name: str, receiver: Value, arguments: Arguments
) -> bool:
    """Record a call that clips gradients or changes them; whether it is one."""
    lowered = name.lower()
    if "clip" in lowered and ("grad" in lowered or "norm" in lowered):
        _clip(interpreter, node, name, receiver, arguments)
        return True
    if "gradient_penalty" in lowered or "grad_penalty" in lowered:
        record(interpreter, events.PENALTY, node, receiver)
        return True
    if name in _CLAMPS or name in _CHANGES or name == "zero_":
        holder = dotted(getattr(node.func, "value", None)).split(".")
        if "grad" in holder:
            kind = events.CLIP if name in _CLAMPS else events.EDIT
            kind = events.ZERO if name == "zero_" else kind
            record(interpreter, kind, node, receiver, how="hand")
            return True
        if name.startswith("cl") and node.args and "grad" in dotted(node.args[0].value).split("."):
            record(interpreter, events.CLIP, node, receiver, how="hand")
            return True
    elif "clip" in lowered and interpreter.trained and len(arguments.everything()) <= 1:
        # self.clip(), clip(model): what else could it be between backward and step?
        record(interpreter, events.HELPER, node, receiver, owners=owners(arguments.everything()))
        return True
    return False


def assigned(interpreter: Interpreter, node: cst.Attribute, receiver: Value, value: Value) -> None:
    """Record ``parameter.grad = value``."""
    if isinstance(receiver, (Instance, ClassValue)):
        return
    kind = events.ZERO if value is None else events.EDIT
    record(interpreter, kind, node, receiver, text=dotted(node), owners=owners([receiver]))


def _clip(
    interpreter: Interpreter, node: cst.Call, name: str, receiver: Value, arguments: Arguments
) -> None:
    bound = arguments.bind(*_SIGNATURES.get(name, ("parameters",)))
    limit = next((bound[key] for key in _LIMITS if key in bound), UNKNOWN)
    given = [bound[key] for key in ("parameters", "module", "optimizer") if key in bound]
    record(
        interpreter,
        events.CLIP,
        node,
        receiver,
        text=_text(node.args[0].value) if node.args else "",
        owners=owners(given),
        how="value" if "value" in name.lower() else "norm",
        limit=limit,
        framework=receiver.framework if isinstance(receiver, Manager) else "",
        flaw=_flaw(interpreter, node),
    )


def _flaw(interpreter: Interpreter, node: cst.Call) -> str:
    """What is the matter with a clip besides its limit."""
    given = next((a.value for a in node.args if a.keyword is None and not a.star), None)
    if given is not None and ownership.spent(interpreter, given):
        return "spent"
    others = [a.value for a in node.args if a.value is not given]
    plain = not any(
        isinstance(value, (cst.Name, cst.Attribute)) and _is_lower(value) for value in others
    )
    return "unused" if plain and interpreter.discarded is node else ""


def _is_lower(node: cst.BaseExpression) -> bool:
    """A variable or an option, which somebody may have set to what it is on purpose."""
    text = dotted(node)
    return not text.isupper() and not text.endswith(
        ("math.inf", "np.inf", "torch.inf", "numpy.inf")
    )


def _text(node: cst.BaseExpression) -> str:
    """``model.parameters()`` as the user wrote it, "" if it is more than that."""
    if isinstance(node, cst.Call) and not node.args:
        text = dotted(node.func)
        return f"{text}()" if text else ""
    return dotted(node)


def owners(values: list[Value]) -> tuple[Value, ...]:
    """The modules whose gradients these values give access to; empty if one is not known."""
    found: dict[int, Value] = {}
    for value in values:
        if isinstance(value, Optimizer):
            held: tuple[Value, ...] = value.owners
        elif isinstance(value, Manager):
            held = (value.model,) if is_module(value.model) else ()
        elif is_module(value):
            held = (value,)
        elif isinstance(value, ParameterRef):
            held = (value.layer,)
        elif isinstance(value, DictValue):
            held = ()
        else:
            held = modules.owners([value])
        if not held:
            return ()
        found.update((id(owner), owner) for owner in held)
    return tuple(found.values())
