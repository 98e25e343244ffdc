"""Units that are never active, for any sample of the batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.table import blame, common, confirmed, fed_by, source_at
from pytest_gradhealth.facts import ActivationRecord, Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Report
    from pytest_gradhealth.limits import Limits


class DeadUnits:
    """A layer whose units are off for every sample, so that no gradient passes them.

    A layer that cuts the only way to the layers before it is a failure whatever its width.
    Elsewhere most of its units must be dead, and more than a coin would make so: half of the units
    are off at random where all samples look alike to a layer. Confirmed with other seeds and after
    the warm-up, since a dead unit of a living layer may be moved by its neighbours.
    """

    symptom: ClassVar[str] = "dead_units"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where enough units are active; else look closer, then again after the warm-up."""
        report = evidence.report
        rectifiers = [a for a in report.activations if _is_rectifier(a)]
        if not rectifiers:
            reason = "no activation that can die was seen"
            return Outcome(Judgement("pass" if report.activations else "not_observed", (reason,)))
        suspects = _dead(evidence, report, limits)
        if not suspects:
            return Outcome(Judgement("pass", (_told(max(rectifiers, key=_share)),)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        for other in evidence.reseeded:
            suspects = common(suspects, _dead(evidence, other, limits))
        if not suspects:
            return Outcome(Judgement("pass", ("alive when every sample is looked at",)))
        if evidence.warmed is None:
            return Need.WARMED
        lasting = common(suspects, _dead(evidence, evidence.warmed, limits))
        if not lasting:
            reason = f"{_told(suspects[0])}; they wake within {limits.warmup_steps} Adam steps"
            return Outcome(Judgement("expected", (reason,)))
        finding = self._finding(report, lasting, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, report: Report, dead: list[ActivationRecord], limits: Limits) -> Finding:
        first = dead[0]
        return Finding(
            symptom=self.symptom,
            where=blame(first),
            source=source_at(report, blame(first)),
            measured=_share(first),
            limit=limits.dead_share,
            unit="share of units never active",
            limit_name="dead_share",
            message=f"{_told(first)}, so no gradient passes them",
            observations=(
                (
                    "Measured",
                    f"{_share(first):.0%} of its units (limit {limits.dead_share:.0%}), over "
                    f"{first.observations} values of each, the whole batch",
                ),
                ("Where", fed_by(report, first)),
                *((("Cuts", "every way to the layers before it"),) if _cuts(first) else ()),
                confirmed(limits, f"and after {limits.warmup_steps} Adam steps"),
            ),
            rows=tuple(Row(a.name, (a.units,), _share(a), _share(a), failing=True) for a in dead),
        )


def _dead(evidence: Evidence, report: Report, limits: Limits) -> list[ActivationRecord]:
    return [
        a
        for a in report.activations
        if _is_rectifier(a)
        and not evidence.ignores(a.path, a.feeds_from)
        and (_cuts(a) or (_share(a) >= limits.dead_share and _chance(a) < limits.dead_chance))
    ]


def _is_rectifier(activation: ActivationRecord) -> bool:
    """Whether its units can be off at one side: bounded ones that work at an end are saturated."""
    return activation.dead is not None and (activation.flat is None or activation.kind == "ReLU6")


def _cuts(activation: ActivationRecord) -> bool:
    return activation.dead == activation.units and activation.on_trunk and activation.sole_way


def _share(activation: ActivationRecord) -> float:
    return (activation.dead or 0) / max(activation.units, 1)


def _chance(activation: ActivationRecord) -> float:
    """Probability of at least so many heads in ``units`` tosses of a fair coin."""
    units = activation.units
    tail = sum(math.comb(units, k) for k in range(activation.dead or 0, units + 1))
    return math.exp(math.log(tail) - units * math.log(2))


def _told(activation: ActivationRecord) -> str:
    return f"{activation.dead} of {activation.units} units of {activation.name} are never active"
