"""What makes the units of a layer equal: one number for all weights, and inputs in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.network_facts import Init, StackLayer


def constant(init: Init | None) -> float | None:
    """The number that an init sets every entry to, None if it draws them or is not known."""
    if init is None:
        return None
    if init.name in {"zeros_", "ones_"}:
        return float(init.name == "ones_")
    value = init.get("val") if init.name == "constant_" else None
    return value if isinstance(value, float) else None


def grouped(layer: StackLayer) -> bool:
    """Whether units see inputs of their own, as in a depthwise convolution."""
    return layer.window is not None and layer.window.groups != 1


def units(layer: StackLayer) -> str:
    """How many units a layer has, "" if that is not told."""
    count = layer.fan_out if layer.window is None else layer.window.outputs
    return "" if count is None else str(count)
