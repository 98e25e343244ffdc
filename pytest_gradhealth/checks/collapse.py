"""All samples map to nearly the same representation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.onset import onset_of_fall
from pytest_gradhealth.checks.related import rules_on_fading
from pytest_gradhealth.checks.table import TAUGHT_NOTHING, confirmed, is_deaf, learns
from pytest_gradhealth.facts import Evidence, Finding, Judgement, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.limits import Limits

_NOISE = 1e-3  # of a normalisation's weight, under which its output is rounding
_ROUNDING = 1e-8  # spreads below it are float32's rounding


class Collapse:
    """The samples of the batch can no longer be told apart at the network's end.

    The spread at the end decides, not in between: a normalisation brings small differences back. A
    batch whose samples are alike says nothing. Confirmed with other seeds and after the warm-up.
    In plain chains the spread falls as the gradient does, both by the slope of the map from one
    layer's correlation to the next's (Schoenholz et al. 2017, arXiv 1611.01232, section 3).
    """

    symptom: ClassVar[str] = "collapse"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass where samples differ at the end; else other seeds, then the warm-up decide."""
        report, limit = evidence.report, limits.collapse_spread
        end = _end(report)
        if end is None or end.spread is None:
            reason = "the batch has no second sample along axis 0, or the output is all zeros"
            return Outcome(Judgement("not_observed", (reason,)))
        told = f"spread {end.spread:.1e} over the samples at {end.name}"
        if end.spread >= limit:
            return self._small(evidence, end, told, limits)
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
            deaf = after < limits.small_spread and is_deaf(evidence, limits)
            if isinstance(deaf, Need):
                return deaf
            if deaf:
                return self._fails(evidence.reseeded[0], end, limits, TAUGHT_NOTHING)
            reason = f"{told}; {after:.1e} after {limits.warmup_steps} Adam steps"
            return Outcome(Judgement("expected", (reason,)))
        if evidence.learning is None:
            return Need.LEARNING
        how = learns(evidence, limits, with_both=True)
        if how:
            return Outcome(Judgement("expected", (told, how)))
        sure = confirmed(limits, f"and at {after:.1e} after {limits.warmup_steps} Adam steps")
        return self._fails(evidence.reseeded[0], end, limits, sure)

    def _small(
        self, evidence: Evidence, end: LayerRecord, told: str, limits: Limits
    ) -> Outcome | Need:
        """They differ little, though not too little: it is too little where nothing is learned."""
        passed = Outcome(Judgement("pass", (told,)))
        small = (end.spread or 0.0) < limits.small_spread
        if not small or limits.is_lowered("collapse_spread") or evidence.ignores(end.path):
            return passed
        deaf = is_deaf(evidence, limits)
        if isinstance(deaf, Need):
            return deaf
        if not deaf:
            return passed
        if evidence.reseeded is None:
            return Need.RESEEDED
        return self._fails(evidence.reseeded[0], end, limits, TAUGHT_NOTHING)

    def _fails(
        self, close: Report, end: LayerRecord, limits: Limits, how_sure: tuple[str, str]
    ) -> Outcome:
        few = (end.spread or 0.0) < limits.collapse_spread
        name = "collapse_spread" if few else "small_spread"
        limit: float = getattr(limits, name)
        route = _route(close)
        first, how = _origin(close, end, limit)
        spread = end.spread or 0.0
        finding = Finding(
            symptom=self.symptom,
            where=first.path,
            source=first.source,
            measured=spread,
            limit=limit,
            unit="deviation of the samples from their mean over the output's size",
            limit_name=name,
            message=(
                f"at {end.name} the samples differ by {spread:.1e} of the output, "
                "so the loss cannot tell them apart"
            ),
            observations=(
                ("Measured", f"spread {spread:.1e} at {end.name} (limit {limit:.1e})"),
                ("Where", how),
                how_sure,
            ),
            rows=tuple(
                Row(r.name, r.shape, r.activation_rms, r.spread, failing=r.spread < limit)
                for r in route
                if r.spread is not None
            ),
            related_rules=rules_on_fading(close),
        )
        return Outcome(Judgement("fail", (finding.message,)), finding)


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
    # Of records in a row the last; of heads side by side all.
    ends = [r for r in ends if r.trunk is None or report.layers[r.trunk] not in ends]
    return max(ends, key=lambda r: r.spread or 0.0, default=None)


def spread_at_end(report: Report) -> float:
    """How much the samples differ nearest to the loss; 0.0 where nothing tells."""
    end = _end(report)
    return 0.0 if end is None else end.spread or 0.0


def _route(report: Report) -> tuple[LayerRecord, ...]:
    """The trunk in forward order, from the deepest layer on."""
    deepest = max(
        (i for i, r in enumerate(report.layers) if r.depth is not None and _tells(r)),
        key=lambda i: (report.layers[i].depth or 0, -i),
        default=None,
    )
    return () if deepest is None else report.route(deepest)


def _tells(layer: LayerRecord) -> bool:
    """An output of zeros has no spread to measure, and holds no difference either."""
    return layer.spread is not None or layer.activation_rms == 0.0


def _origin(report: Report, end: LayerRecord, limit: float) -> tuple[LayerRecord, str]:
    """The layer to blame, and a sentence about it."""
    route = _route(report)
    if route and (report.input_spread or 1.0) < limit:
        return route[
            0
        ], f"the batch's own samples differ by {report.input_spread:.1e} of their size"
    emptied = _emptied_by_a_norm(report)
    if emptied is not None:
        return emptied, f"{emptied.name} ({emptied.kind}) normalises single values, which gives 0"
    start = _start(report) or end
    blamed = _between(report, start, limit)
    return blamed, f"the difference is lost from {blamed.name} ({blamed.kind}) on"


def _emptied_by_a_norm(report: Report) -> LayerRecord | None:
    """The first normalisation whose output is rounding noise around zero.

    Its size is that of its own weight, unless each group holds one value: minus its mean that is 0.
    """
    weights = {p.owner: p.value_rms for p in report.parameters if p.name.endswith("weight")}
    for layer in _route(report):
        weight = weights.get(layer.path, 0.0)
        normalises = "Norm" in layer.kind and not layer.weighted
        if normalises and weight and layer.activation_rms < _NOISE * weight:
            return layer
    return None


def _between(report: Report, start: LayerRecord, limit: float) -> LayerRecord:
    """What ran just before the first layer without a difference and explains it; else that layer.

    A module that folds the samples into one has no spread of its own, nor has one without a
    gradient ahead of the first layer.
    """
    position = next(i for i, r in enumerate(report.layers) if r is start)
    for before in reversed(report.layers[:position]):
        folded = bool(before.shape) and before.shape[0] != start.shape[0]
        if (folded and before.weighted) or not before.differentiable:
            return before if (before.spread or 0.0) < limit else start
        if before.spread is not None:
            break
    return start


def _start(report: Report) -> LayerRecord | None:
    """The layer that loses the difference, or the first of those that do so together."""
    route = [r for r in _route(report) if _tells(r)]
    spreads = [report.input_spread or 1.0, *(r.spread or 0.0 for r in route)]
    onset = onset_of_fall(spreads, floor=_ROUNDING)
    if onset is None:
        return None
    start = onset.first
    # A stretch starts at a layer, not at its activation.
    if not onset.sudden and start and route[start - 1].weighted and not route[start].weighted:
        start -= 1
    return route[start]
