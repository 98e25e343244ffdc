"""The lint rules that tell of what a check saw: chosen by what the pass recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_gradhealth.facts import OperationRecord, Report

#: How many activations of a kind make a stack of them, of which a rule speaks.
_DEEP: Final = 3
RULES_ON_STEEPNESS: Final = ("GRD201", "GRD301")
RULES_ON_SYMMETRY: Final = ("GRD203",)
_FADING: Final = (
    ({"Sigmoid", "Hardsigmoid", "Tanh", "Softsign", "LogSigmoid"}, "GRD101"),
    ({"ReLU", "ReLU6", "LeakyReLU", "PReLU", "ELU", "GELU", "SiLU"}, "GRD102"),
)
_STEEP: Final = {
    "GRD405": ("log", "log2", "log10", "log1p"),
    "GRD406": ("sqrt", "rsqrt", "pow"),
    "GRD407": ("where",),
    "GRD408": ("div", "norm", "linalg_vector_norm", "std", "var"),
    "GRD409": ("acos", "asin", "atanh"),
    "GRD410": ("exp",),
}
_CUTTING: Final = {
    "GRD502": ("argmax", "argmin", "sign", "round", "floor", "ceil", "trunc", "gt", "lt"),
    "GRD503": ("detach", "detach_", "item", "numpy", "tolist"),
}


def rules_on_fading(report: Report) -> tuple[str, ...]:
    """Those on a stack of the activations that the gradient had to pass."""
    kinds = Counter(activation.kind for activation in report.activations)
    for names, code in _FADING:
        if sum(count for kind, count in kinds.items() if kind in names) >= _DEEP:
            return (code,)
    return ()


def rules_on(operation: OperationRecord | None) -> tuple[str, ...]:
    """Those on an operation that made NaN or Inf, or that cut the graph."""
    if operation is None:
        return ()
    names = {**_STEEP, **_CUTTING}
    return tuple(code for code in names if operation.name in names[code])
