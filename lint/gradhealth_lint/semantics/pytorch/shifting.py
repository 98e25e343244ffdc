"""What is left of an init when its numbers are multiplied by one and another is added."""

from __future__ import annotations

from dataclasses import replace

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.torch_values import InitCall
from gradhealth_lint.semantics.domain.values import UNKNOWN, Value


def changed(init: Value, operation: str, by: float | None) -> Value:
    """The init after ``mul_``, ``div_``, ``add_`` or ``sub_`` by a number; UNKNOWN if not told."""
    if not isinstance(init, InitCall) or by is None or (operation == "div_" and by == 0):
        return UNKNOWN
    factors = {"mul_": (by, 0.0), "div_": (1 / by if by else 0.0, 0.0), "add_": (1.0, by)}
    factors["sub_"] = (1.0, -by)
    if operation not in factors:
        return UNKNOWN
    factor, shift = factors[operation]
    values = {key: folding.number(value) for key, value in init.arguments}
    if init.name in {"zeros_", "ones_"}:
        values = {"val": float(init.name == "ones_")}
    if None in values.values():
        return UNKNOWN
    numbers = {key: value * factor + shift for key, value in values.items() if value is not None}
    if init.name == "normal_":
        std = values["std"] or 0.0
        numbers = {"mean": numbers["mean"], "std": std * abs(factor)}
    elif init.name == "uniform_":
        low, high = sorted(numbers.values())
        numbers = {"a": low, "b": high}
    elif init.name not in {"constant_", "zeros_", "ones_"}:
        return UNKNOWN
    name = init.name if init.name in {"normal_", "uniform_"} else "constant_"
    return replace(init, name=name, arguments=tuple(numbers.items()))
