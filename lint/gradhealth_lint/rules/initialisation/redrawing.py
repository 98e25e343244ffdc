"""The fix that draws a weight for the activation that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain import catalogue

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Part, Plan
    from gradhealth_lint.semantics.network_facts import InitTarget, InitUse

_RECTIFIERS: Final = frozenset(
    {"relu", "leaky_relu", "prelu", "elu", "gelu", "silu", "relu6", None}
)
_XAVIER_GAINS: Final = frozenset({"tanh", "sigmoid"})


def better(target: InitTarget) -> tuple[str, str]:
    """The init to use instead, without the shape of its numbers, and the activation it is for."""
    if target.kind in catalogue.RECURRENT:
        return "xavier", ""
    if target.activation in _XAVIER_GAINS:
        return "xavier", str(target.activation)
    return ("kaiming", "relu") if target.activation in _RECTIFIERS else ("xavier", "")


def redraw(use: InitUse, target: InitTarget, shape: str = "normal_") -> Plan | None:
    """That init, where all that the call sets are matrices that a name is known of."""
    from gradhealth_lint.edits.plan import Name, Plan, Replace

    if not use.target_text or not all(one.multiplies for one in use.targets):
        return None
    init, activation = better(target)
    options: tuple[Part, ...] = ()
    if init == "kaiming":
        options = (f', nonlinearity="{activation}"',)
    elif activation:
        options = (", gain=", Name("torch.nn.init.calculate_gain"), f'("{activation}")')
    call = (Name(f"torch.nn.init.{init}_{shape}"), f"({use.target_text}", *options, ")")
    return Plan("unsafe", (Replace(use.anchor, call),))
