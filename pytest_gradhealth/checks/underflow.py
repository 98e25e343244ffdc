"""Gradients that are lost in the dtype the model trains in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.table import place_of, source_at
from pytest_gradhealth.facts import Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, ParameterRecord, Report
    from pytest_gradhealth.limits import Limits

_HALF = "float16"


class Underflow:
    """Half-precision gradients too small for their dtype, at the loss scale in force.

    float16 ends at 2^-24 (6e-8); bfloat16 has float32's exponents and loses nothing this way. Small
    gradients in float16 are compared with the same pass under a loss scaled up: what a weight has
    lost is a fact, not a forecast (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2).
    """

    symptom: ClassVar[str] = "underflow"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where float16 has room; else compare with a scaled loss."""
        report = evidence.report
        half = [r for r in report.layers if r.dtype == _HALF and r.gradient_norm is not None]
        if not half:
            kinds = sorted({r.dtype for r in report.layers if r.gradient_norm is not None})
            if not kinds:
                return Outcome(Judgement("not_observed", ("no layer got a gradient",)))
            reason = f"gradients are {' and '.join(kinds)}, which reach down to 1e-38"
            return Outcome(Judgement("pass", (reason,)))
        smallest = min(map(_rms, half))
        if smallest >= limits.underflow_rms:
            return Outcome(Judgement("pass", (f"smallest float16 gradient rms {smallest:.1e}",)))
        if evidence.scaled is None:
            return Need.SCALED
        if not evidence.scaled:
            reason = f"float16 gradients of rms {smallest:.1e}; with a scaled loss they overflow"
            return Outcome(Judgement("not_observed", (reason,)))
        lost = _lost(evidence, report, evidence.scaled[0], limits)
        if not lost:
            reason = "no weight gets more gradient under a scaled loss"
            return Outcome(Judgement("pass", (reason,)))
        finding = self._finding(report, lost, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(
        self, report: Report, lost: list[tuple[ParameterRecord, float]], limits: Limits
    ) -> Finding:
        worst, kept = min(lost, key=lambda pair: pair[1])
        first = lost[0][0]
        return Finding(
            symptom=self.symptom,
            where=place_of(report, first),
            source=source_at(report, first.owner),
            measured=kept,
            limit=limits.underflow_kept,
            unit="share of the gradient norm left without loss scaling",
            limit_name="underflow_kept",
            message=(
                f"{len(lost)} of {sum(p.is_weight for p in report.parameters)} weights keep less "
                f"than {limits.underflow_kept:.0%} of their gradient in float16, which ends at "
                "6e-08"
            ),
            observations=(
                (
                    "Worst",
                    f"{worst.name} {worst.shape} {worst.dtype}: {kept:.0%} of its gradient is left "
                    f"(limit {limits.underflow_kept:.0%})",
                ),
                ("Try", "torch.amp.GradScaler, or bfloat16"),
            ),
            rows=tuple(
                Row(p.name, p.shape, p.gradient_rms or 0.0, share, failing=True)
                for p, share in lost
            ),
        )


def _rms(layer: LayerRecord) -> float:
    return (layer.gradient_norm or 0.0) / math.sqrt(max(math.prod(layer.shape), 1))


def _lost(
    evidence: Evidence, half: Report, scaled: Report, limits: Limits
) -> list[tuple[ParameterRecord, float]]:
    reference = {p.name: p.gradient_rms for p in scaled.parameters}
    lost = []
    for parameter in half.parameters:
        true = reference.get(parameter.name)
        if not true or not parameter.is_weight or parameter.gradient_rms is None:
            continue
        kept = parameter.gradient_rms / true
        ignored = evidence.ignores(*parameter.names, parameter.owner)
        if kept < limits.underflow_kept and not ignored:
            lost.append((parameter, kept))
    return lost
