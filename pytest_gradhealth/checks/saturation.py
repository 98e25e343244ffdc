"""Bounded activations, gates and softmax that work in their flat part."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.table import (
    blame,
    common,
    confirmed,
    fed_by,
    learns,
    learns_nothing,
    source_at,
)
from pytest_gradhealth.facts import ActivationRecord, Evidence, Finding, Judgement, Row
from pytest_gradhealth.profile import profile_of

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Report
    from pytest_gradhealth.limits import Limits


class Saturation:
    """Nearly all values of a bounded activation lie where its slope is next to nothing.

    Hidden activations, attention weights and gates are judged; the output's own is not: a trained
    classifier is meant to be sure, unless a loss that is not solved sends nothing back through it,
    or trials show that it learns nothing of the batch, not even by heart.
    Confirmed with other seeds and after the warm-up.
    """

    symptom: ClassVar[str] = "saturation"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where enough values have a slope; else look closer, then after the warm-up."""
        report = evidence.report
        bounded = [a for a in report.activations if a.flat is not None]
        if not bounded:
            reason = "no bounded activation was seen"
            return Outcome(Judgement("pass" if report.activations else "not_observed", (reason,)))
        suspects = _flat(evidence, report, limits)
        if not suspects and _at_the_end(evidence, report, limits):
            if evidence.learning is None:
                return Need.LEARNING
            suspects = _flat(evidence, report, limits)
        if not suspects:
            return Outcome(Judgement("pass", (_told(max(bounded, key=_share)),)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        for other in evidence.reseeded:
            suspects = common(suspects, _flat(evidence, other, limits))
        if not suspects:
            return Outcome(Judgement("pass", ("not with other seeds",)))
        if evidence.warmed is None:
            return Need.WARMED
        lasting = common(suspects, _flat(evidence, evidence.warmed, limits))
        if not lasting:
            reason = f"{_told(suspects[0])}; they leave it within {limits.warmup_steps} Adam steps"
            return Outcome(Judgement("expected", (reason,)))
        if evidence.learning is None:
            return Need.LEARNING
        how = learns(evidence, limits, with_both=False)
        if how:
            lasting = [a for a in lasting if _is_stuck(a, limits)]
            if not lasting:
                return Outcome(Judgement("expected", (_told(suspects[0]), how)))
        finding = self._finding(report, lasting, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, report: Report, flat: list[ActivationRecord], limits: Limits) -> Finding:
        first = flat[0]
        return Finding(
            symptom=self.symptom,
            where=blame(first),
            source=source_at(report, blame(first)),
            measured=_share(first),
            limit=limits.saturated_share,
            unit="share of values on a flat part",
            limit_name="saturated_share",
            message=f"{_told(first)}, where the slope is under a hundredth of its steepest",
            observations=(
                (
                    "Measured",
                    f"{_share(first):.0%} of its values (limit {limits.saturated_share:.0%})",
                ),
                ("Where", fed_by(report, first)),
                confirmed(limits, f"and after {limits.warmup_steps} Adam steps"),
            ),
            rows=tuple(Row(a.name, (), _share(a), _share(a), failing=True) for a in flat),
        )


def _flat(evidence: Evidence, report: Report, limits: Limits) -> list[ActivationRecord]:
    """Hidden activations on their flat part; the output's own where it is no sign of success."""
    hidden = [a for a in _wide(evidence, report, limits) if not a.last]
    if _silences(report, limits) or learns_nothing(evidence, limits):
        return [*hidden, *_at_the_end(evidence, report, limits)]
    return hidden


def _at_the_end(evidence: Evidence, report: Report, limits: Limits) -> list[ActivationRecord]:
    return [a for a in _wide(evidence, report, limits) if a.last]


def _wide(evidence: Evidence, report: Report, limits: Limits) -> list[ActivationRecord]:
    return [
        a
        for a in report.activations
        if _share(a) >= limits.saturated_share and not evidence.ignores(a.path, a.feeds_from)
    ]


def _silences(report: Report, limits: Limits) -> bool:
    """Whether the loss is not at its end, yet sends nothing at all back to the last layer."""
    profile = profile_of(report)
    silent = profile is not None and profile.last.gradient_norm == 0.0
    return silent and abs(report.loss) > limits.solved_loss


def _is_stuck(activation: ActivationRecord, limits: Limits) -> bool:
    """Whether no step will ever move most units: their slope is exactly zero for every sample."""
    return (activation.dead or 0) >= limits.dead_share * activation.units


def _share(activation: ActivationRecord) -> float:
    return activation.flat or 0.0


def _told(activation: ActivationRecord) -> str:
    return f"{_share(activation):.0%} of the values of {activation.name} lie on its flat part"
