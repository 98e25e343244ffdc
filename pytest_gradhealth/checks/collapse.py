"""All samples map to nearly the same representation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.onset import onset_of_fall
from pytest_gradhealth.checks.table import confirmed, learns
from pytest_gradhealth.facts import Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.limits import Limits

_ROUNDING = 1e-8  # spreads below it are float32's rounding


class Collapse:
    """The samples of the batch can no longer be told apart at the network's end.

    The spread at the end decides, not in between: a normalisation brings small differences back. A
    batch whose samples are alike says nothing. Confirmed with other seeds and after the warm-up.
    In plain chains the spread falls as the gradient does, both by the slope of the map from one
    layer's correlation to the next's (Schoenholz et al. 2017, arXiv 1611.01232, section 3).
    """

    symptom: ClassVar[str] = "collapse"
    related_rules: ClassVar[tuple[str, ...]] = ("GRD101",)

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where samples differ at the end; else other seeds, then the warm-up decide."""
        report, limit = evidence.report, limits.collapse_spread
        end = _end(report)
        if end is None or end.spread is None:
            reason = "the batch has no second sample along axis 0, or the output is all zeros"
            return Outcome(Judgement("not_observed", (reason,)))
        told = f"spread {end.spread:.1e} over the samples at {end.name}"
        if end.spread >= limit:
            return Outcome(Judgement("pass", (told,)))
        if not report.input_spread:
            return Outcome(Judgement("not_observed", ("the batch's samples are all alike",)))
        if evidence.ignores(end.path):
            return Outcome(Judgement("expected", (f"{told}; ignored by the caller",)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        others = [spread_at_end(other) for other in evidence.reseeded]
        if max(others) >= limit:
            reason = f"{told}; {max(others):.1e} with another seed"
            return Outcome(Judgement("pass", (reason,)))
        if evidence.warmed is None:
            return Need.WARMED
        after = spread_at_end(evidence.warmed)
        if after >= limit:
            reason = f"{told}; {after:.1e} after {limits.warmup_steps} Adam steps"
            return Outcome(Judgement("expected", (reason,)))
        if evidence.learning is None:
            return Need.LEARNING
        how = learns(evidence, limits, with_both=True)
        if how:
            return Outcome(Judgement("expected", (told, how)))
        finding = self._finding(evidence.reseeded[0], end, after, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, close: Report, end: LayerRecord, after: float, limits: Limits) -> Finding:
        start = _start(close)
        route = _route(close)
        limit = limits.collapse_spread
        first = start or end
        spread = end.spread or 0.0
        return Finding(
            symptom=self.symptom,
            where=first.path,
            source=first.source,
            measured=spread,
            limit=limit,
            unit="deviation of the samples from their mean over the output's size",
            limit_name="collapse_spread",
            message=(
                f"at {end.name} the samples differ by {spread:.1e} of the output, "
                "so the loss cannot tell them apart"
            ),
            observations=(
                ("Measured", f"spread {spread:.1e} at {end.name} (limit {limit:.1e})"),
                ("Where", f"the difference is lost from {first.name} ({first.kind}) on"),
                confirmed(limits, f"and at {after:.1e} after {limits.warmup_steps} Adam steps"),
            ),
            rows=tuple(
                Row(r.name, r.shape, r.activation_rms, r.spread, failing=r.spread < limit)
                for r in route
                if r.spread is not None
            ),
            related_rules=self.related_rules,
        )


def _end(report: Report) -> LayerRecord | None:
    """Of the records nearest to the loss, the one in which the samples differ most."""
    # An activation before the last layer has its depth, but is not the end.
    seen = [
        r
        for r in report.layers
        if r.spread is not None and r.depth is not None and (r.weighted or not r.depth)
    ]
    nearest = min((r.depth or 0 for r in seen), default=0)
    ends = [r for r in seen if r.depth == nearest]
    return max(ends, key=lambda r: r.spread or 0.0, default=None)


def spread_at_end(report: Report) -> float:
    """How much the samples differ nearest to the loss; 0.0 where nothing tells."""
    end = _end(report)
    return 0.0 if end is None else end.spread or 0.0


def _route(report: Report) -> tuple[LayerRecord, ...]:
    """The trunk in forward order, from the deepest layer on."""
    deepest = max(
        (i for i, r in enumerate(report.layers) if r.depth is not None and r.spread is not None),
        key=lambda i: (report.layers[i].depth or 0, -i),
        default=None,
    )
    return () if deepest is None else report.route(deepest)


def _start(report: Report) -> LayerRecord | None:
    """The layer that loses the difference, or the first of those that do so together."""
    # An output of zeros has no spread to measure, and holds no difference either.
    route = [r for r in _route(report) if r.spread is not None or r.activation_rms == 0.0]
    spreads = [report.input_spread or 1.0, *(r.spread or 0.0 for r in route)]
    onset = onset_of_fall(spreads, floor=_ROUNDING)
    if onset is None:
        return None
    start = onset.first
    # A stretch starts at a layer, not at its activation.
    if not onset.sudden and start and route[start - 1].weighted and not route[start].weighted:
        start -= 1
    return route[start]
