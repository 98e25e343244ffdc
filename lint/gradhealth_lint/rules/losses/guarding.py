"""Fixes that keep an operand away from where the slope is infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.semantics.numeric_facts import Steep
    from gradhealth_lint.violation import Applicability


def clamped(steep: Steep, method: str, bounds: str, applicability: Applicability) -> Plan:
    """``operand.clamp_min(1e-8)``, or ``torch.clamp_min(operand, 1e-8)`` inside its brackets."""
    from gradhealth_lint.edits.plan import Code, Name, Plan, Replace, Wrap

    if steep.operand.startswith("("):
        before = (Name(f"torch.{method}"), "(")
        return Plan(applicability, (Wrap(steep.given, before, (f", {bounds})",)),))
    code = (Code(steep.given, atom=True), f".{method}({bounds})")
    return Plan(applicability, (Replace(steep.given, code),))


def shifted(steep: Steep, eps: str) -> Plan:
    """``operand + eps``."""
    from gradhealth_lint.edits.plan import Code, Plan, Replace

    code = (Code(steep.given, atom=True), f" + {eps}")
    return Plan("unsafe", (Replace(steep.given, code),))
