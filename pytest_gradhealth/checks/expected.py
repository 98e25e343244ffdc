"""Gradients that are zero by construction: each has its reason, and none is a fault."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_gradhealth.facts import ParameterRecord, Report

# Rounding noise around a mathematical zero, relative to the same module's weight: the smallest seen
# on attention's key biases and biases before BatchNorm is 1e-9, the largest 1e-6 (float32).
_NOISE = 1e-5


def expected_zeros(report: Report) -> tuple[str, ...]:
    """One sentence for each reason, with the parameters it explains."""
    weights = _weight_gradients(report)
    reasons: dict[str, list[str]] = {}
    asleep = _gates_at_zero(report)
    for parameter in report.parameters:
        gradient = parameter.gradient_rms
        if gradient is None or gradient > _NOISE * weights.get(parameter.owner, 0.0):
            continue
        reason = _reason(parameter, report, asleep)
        if reason:
            reasons.setdefault(reason, []).append(parameter.name)
    return tuple(f"{_listed(names)}: {reason}" for reason, names in reasons.items())


def _weight_gradients(report: Report) -> dict[str, float]:
    largest: Counter[str] = Counter()
    for parameter in report.parameters:
        if parameter.is_weight:
            gradient = parameter.gradient_rms or 0.0
            largest[parameter.owner] = max(largest[parameter.owner], gradient)  # type: ignore[assignment]
    return dict(largest)


def _reason(parameter: ParameterRecord, report: Report, asleep: list[ParameterRecord]) -> str:
    if not parameter.is_weight:
        follower = report.absorbed.get(parameter.owner, "")
        if follower == "Softmax":
            return "softmax over the keys does not see a shift common to all of them"
        if follower:
            return f"{follower} after it subtracts any constant"
    if parameter.gradient_rms == 0.0:
        gate = max(asleep, key=lambda g: _shared(g.owner, parameter.owner), default=None)
        if gate is not None:
            return f"{gate.name} starts at zero, gets a gradient and opens with the first step"
    return ""


def _gates_at_zero(report: Report) -> list[ParameterRecord]:
    """Scales and weights that start at zero; a bias adds and so opens nothing."""
    return [
        p
        for p in report.parameters
        if p.value_rms == 0.0 and p.gradient_rms and not p.name.endswith("bias")
    ]


def _shared(gate: str, owner: str) -> int:
    """How many leading parts of two module paths agree: a gate is told by its own block."""
    parts = zip(gate.split("."), owner.split("."), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], parts))


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
