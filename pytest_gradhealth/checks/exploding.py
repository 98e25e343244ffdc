"""The gradient grows along the way back, and no ordinary learning rate is stable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.overflow import growth_to_overflow
from pytest_gradhealth.checks.related import RULES_ON_STEEPNESS
from pytest_gradhealth.checks.table import (
    is_deaf,
    learns_nothing,
    no_share,
    rows_of,
    weight_of,
    weights_of,
)
from pytest_gradhealth.checks.way import (
    origin_of_growth,
    origin_of_scale,
    way_of,
)
from pytest_gradhealth.facts import Evidence, Finding, Judgement
from pytest_gradhealth.profile import Profile, arrived_finite, profile_of

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, RecurrenceRecord, Report, Trial
    from pytest_gradhealth.limits import Limits

_AMONG = 3.0  # within this factor of the steepest layer another is as steep
_EXPLODED = 1e4  # an activation rms whose growth is the cause, wherever the gradient jumps for it
_LARGE = 10.0  # an activation rms that no initialisation aims at


class Exploding:
    """Steeper than any ordinary learning rate can take.

    Three numbers raise a suspicion: the gradient at the earliest layers in multiples of the last
    layer's; the steepness, a lower bound of the curvature, which a chain with equal gradients in
    every layer can have too, when a tiny change of a weight moves its output by orders of
    magnitude; and growth back over the time steps of a recurrent module. None accuses:
    architectures that train well reach a few hundred, and batch normalisation without residuals
    grows by about 1.2 a layer by design (Yang et al. 2019, arXiv 1902.08129). It becomes a failure
    when plain SGD cannot descend on the very batch at any ordinary learning rate, or descends only
    by killing the network in its first step, or when neither SGD nor Adam teaches it anything of
    half of the batch: not even by heart, or nothing of the other half where a reference learner
    does find something there (a chaotic network can learn single samples by heart, as any random
    hash can). Where the forward pass overflows before any gradient
    exists, its growth decides.
    """

    symptom: ClassVar[str] = "exploding"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass on moderate growth; else ask for seeds and SGD trials, then decide."""
        report = evidence.report
        overflow = _overflow(report, limits)
        if overflow is not None:
            return Outcome(Judgement("fail", (overflow.message,)), overflow)
        profile = profile_of(report)
        if profile is None:
            return Outcome(Judgement("not_observed", ("no layer with weights got a gradient",)))
        if not (arrived_finite(report) and math.isfinite(profile.best.share)):
            return Outcome(Judgement("not_observed", (no_share(profile),)))
        told = (_growth(profile), f"steepness {profile.steepness:.1e}")
        if not _is_steep(report, limits):
            return Outcome(Judgement("pass", told))
        if evidence.ignores(profile.best.first.path):
            return Outcome(Judgement("expected", (*told, "ignored by the caller")))
        if evidence.reseeded is None:
            return Need.RESEEDED
        if not all(_is_steep(other, limits) for other in evidence.reseeded):
            return Outcome(Judgement("pass", (*told, "over a limit with one seed only")))
        if evidence.trials is None:
            return Need.TRIALS
        stable = [trial for trial in evidence.trials if is_stable(trial, limits)]
        if stable:
            nothing = is_deaf(evidence, limits, at_once=False)
            if isinstance(nothing, Need):
                return nothing
            nothing = nothing or learns_nothing(evidence, limits)
            if not nothing:
                reason = f"SGD descends at learning rate {stable[0].learning_rate:g} all the same"
                return Outcome(Judgement("pass", (*told, reason)))
        finding = self._finding(report, profile, evidence.trials, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(
        self, report: Report, profile: Profile, trials: tuple[Trial, ...], limits: Limits
    ) -> Finding:
        over_time = _over_time(report)
        growth = max(profile.best.share, over_time.range if over_time else 0.0)
        grows = growth > limits.exploding_growth
        measured = growth if grows else profile.steepness
        limit = limits.exploding_growth if grows else limits.steepness
        start, how = _origin(report, profile, limits)
        steep = f"(steepness {profile.steepness:.1e})"
        grown = f"the gradient grows {growth:.1e} times on its way back"
        if over_time is not None and growth > profile.best.share:
            grown += f" over {over_time.steps} time steps"
        return Finding(
            symptom=self.symptom,
            where=start.path,
            source=start.source,
            measured=measured,
            limit=limit,
            unit="multiples of the last layer's gradient" if grows else "curvature, at least",
            limit_name="exploding_growth" if grows else "steepness",
            over=(("steepness", profile.steepness),)
            if grows and profile.steepness > limits.steepness
            else (),
            message=(
                f"{grown if grows else f'a small step overshoots by far {steep}'}, "
                "and no ordinary learning rate trains it"
            ),
            observations=(
                ("Worst", weight_of(report, profile.best.first)),
                (
                    "Measured",
                    f"growth {growth:.1e} (limit {limits.exploding_growth:.1e}), "
                    f"steepness {profile.steepness:.1e} (limit {limits.steepness:.1e})",
                ),
                ("Where", how),
                *(("Tried", _told(trial, limits)) for trial in trials),
            ),
            rows=rows_of(profile, failing=lambda share: share > limits.exploding_growth),
            related_rules=RULES_ON_STEEPNESS,
        )


def _is_steep(report: Report, limits: Limits) -> bool:
    profile = profile_of(report)
    if profile is None:
        return False
    return (
        profile.best.share > limits.exploding_growth
        or profile.steepness > limits.steepness
        or any(r.range > limits.exploding_growth for r in report.recurrences)
    )


def _over_time(report: Report) -> RecurrenceRecord | None:
    """The recurrent module whose gradient grows most over its time steps."""
    return max(report.recurrences, key=lambda r: r.range, default=None)


def _origin(report: Report, profile: Profile, limits: Limits) -> tuple[LayerRecord, str]:
    """The layer where the growth starts, in forward order, and a sentence about it."""
    over_time = _over_time(report)
    if over_time is not None and over_time.range > limits.exploding_growth:
        layer = next(r for r in report.layers if r.path == over_time.path)
        gain = f"x{over_time.gain_per_step:.3g} per step"
        return layer, f"{layer.name} ({layer.kind}) grows {gain} over {over_time.steps} steps"
    tower = profile.best
    if tower.share <= limits.exploding_growth:
        return _steepest(report, profile)
    blamed, how = origin_of_growth(report, profile, tower)
    if max(layer.activation_rms for layer in profile.layers) > _EXPLODED:
        grown = origin_of_scale(way_of(profile, tower))
        if grown is not None and (grown.depth or 0) > (blamed.depth or 0) + 1:
            return _steepest(report, profile)
    return blamed, how


def _steepest(report: Report, profile: Profile) -> tuple[LayerRecord, str]:
    """The layer where activations start to grow; else the first of those it is steepest in."""
    largest_activation = max(layer.activation_rms for layer in profile.layers)
    grown = origin_of_scale(way_of(profile, profile.best))
    if grown is not None and largest_activation > _LARGE:
        told = f"activations grow from {grown.name} on, up to an rms of {largest_activation:.1e}"
        return grown, told
    sizes = [_gradient_of(report, layer) for layer in profile.layers]
    largest = max(sizes, default=0.0)
    layer = next(
        (r for r, size in zip(profile.layers, sizes, strict=True) if size * _AMONG >= largest),
        profile.best.first,
    )
    return layer, f"the loss is steepest in the weights of {layer.name} and its like"


def _gradient_of(report: Report, layer: LayerRecord) -> float:
    """The largest L2 norm of dL/d(weight) among a layer's matrices."""
    weights = weights_of(report, layer)
    return max(((p.gradient_rms or 0.0) * math.prod(p.shape) ** 0.5 for p in weights), default=0.0)


def is_stable(trial: Trial, limits: Limits) -> bool:
    """Whether a trial descended and left a network that still learns."""
    return trial.descended and trial.share_after >= limits.vanishing_share


def _overflow(report: Report, limits: Limits) -> Finding | None:
    """The forward pass grew geometrically until it left the range of floats."""
    grown = growth_to_overflow(report, limits.overflow_growth)
    if grown is None:
        return None
    return Finding(
        symptom="exploding",
        where=grown.first.path,
        source=grown.first.source,
        measured=grown.growth,
        limit=limits.overflow_growth,
        unit="growth of the activations' rms",
        limit_name="overflow_growth",
        message=f"{grown.told} and overflow at {grown.broken}",
        observations=(
            ("Measured", f"growth {grown.growth:.1e} (limit {limits.overflow_growth:.1e})"),
            ("Where", grown.where),
        ),
        related_rules=RULES_ON_STEEPNESS,
    )


def _told(trial: Trial, limits: Limits) -> str:
    rate = f"SGD at learning rate {trial.learning_rate:g}: "
    start, end = trial.losses[0], trial.losses[-1]
    if is_stable(trial, limits):
        return f"{rate}the loss falls from {start:.1e} to {end:.1e}, but nothing is learned"
    if trial.descended:
        return f"{rate}the first steps kill the network (loss {start:.1e} to {end:.1e})"
    if not math.isfinite(end):
        return f"{rate}the loss goes from {start:.1e} to {end}"
    return f"{rate}the loss rises from {start:.1e} to {end:.1e}"


def _growth(profile: Profile) -> str:
    return f"x{profile.best.share:.1e} from {profile.last.name} back to {profile.best.first.name}"
