"""Units that start equal and stay equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.related import RULES_ON_SYMMETRY
from pytest_gradhealth.checks.table import confirmed, place_of, source_at
from pytest_gradhealth.facts import Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import ParameterRecord, Report
    from pytest_gradhealth.limits import Limits


class Symmetry:
    """Units of one layer, or whole layers, that hold equal weights and get equal gradients.

    Under any optimizer that treats entries alike they remain copies of each other, so the layer is
    as wide as the number of its different units (Goodfellow et al. 2016, Deep Learning, section
    8.4). Equal weights alone accuse nobody: a head that starts at zero gets different gradients.
    Embeddings are left out, whose rows are told apart by the tokens, and the outermost layers,
    whose units are told apart by the targets.
    """

    symptom: ClassVar[str] = "symmetry"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where units differ; else compare whole rows, then once more after the warm-up."""
        suspects = _tied(evidence, evidence.report, limits)
        if not any(p.is_weight and p.gradient_rms is not None for p in evidence.report.parameters):
            return Outcome(Judgement("not_observed", ("no weight got a gradient",)))
        if not suspects:
            return Outcome(Judgement("pass"))
        if evidence.reseeded is None:
            return Need.RESEEDED
        for report in evidence.reseeded:
            suspects = _common(suspects, _tied(evidence, report, limits))
        if not suspects:
            return Outcome(Judgement("pass", ("units differ when whole rows are compared",)))
        if evidence.warmed is None:
            return Need.WARMED
        lasting = _common(suspects, _tied(evidence, evidence.warmed, limits))
        if not lasting:
            names = ", ".join(p.name for p in suspects)
            reason = f"equal at the start, apart after {limits.warmup_steps} Adam steps: {names}"
            return Outcome(Judgement("expected", (reason,)))
        finding = self._finding(evidence.report, lasting, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, report: Report, tied: list[ParameterRecord], limits: Limits) -> Finding:
        first = tied[0]
        twin = first.tied_to and f"equal to {first.tied_to} in value and gradient"
        return Finding(
            symptom=self.symptom,
            where=place_of(report, first),
            source=source_at(report, first.owner),
            measured=_share(first),
            limit=limits.tied_share,
            unit="share of units equal to another in value and gradient",
            limit_name="tied_share",
            message=(
                f"{len(tied)} of {sum(p.is_weight for p in report.parameters)} weights are made of "
                "equal units that get equal gradients, so they stay equal"
            ),
            observations=(
                (
                    "Worst",
                    f"{first.name} {first.shape} {first.dtype}: "
                    + (twin or f"{first.tied_units:.0%} of {first.shape[0]} units have a copy")
                    + ("" if twin else f" (limit {limits.tied_share:.0%})"),
                ),
                confirmed(limits, f"and after {limits.warmup_steps} Adam steps"),
            ),
            rows=tuple(
                Row(p.name, p.shape, p.gradient_rms or 0.0, _share(p), failing=True) for p in tied
            ),
            related_rules=RULES_ON_SYMMETRY,
        )


def _share(parameter: ParameterRecord) -> float:
    return 1.0 if parameter.tied_to else parameter.tied_units


def _tied(evidence: Evidence, report: Report, limits: Limits) -> list[ParameterRecord]:
    kinds = {layer.path: layer.kind for layer in report.layers}
    outermost = {layer.path for layer in report.layers if layer.weighted and layer.depth == 1}
    return [
        p
        for p in report.parameters
        if (p.tied_to or p.tied_units >= limits.tied_share)
        and "Embedding" not in kinds.get(p.owner, "")
        and p.owner not in outermost
        and not evidence.ignores(*p.names, p.owner)
    ]


def _common(left: list[ParameterRecord], right: list[ParameterRecord]) -> list[ParameterRecord]:
    names = {p.name for p in right}
    return [p for p in left if p.name in names]
