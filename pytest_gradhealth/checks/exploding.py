"""The gradient grows along the way back, and no ordinary learning rate is stable."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.table import no_share, rows_of, weight_of
from pytest_gradhealth.facts import Evidence, Finding, Judgement
from pytest_gradhealth.profile import Profile, arrived_finite, profile_of

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report, Trial
    from pytest_gradhealth.limits import Limits


class Exploding:
    """The gradient at the earliest layers in multiples of the last layer's, over a limit.

    Growth alone accuses nobody: architectures that train well reach a few hundred, and batch
    normalisation without residuals grows by about 1.2 a layer by design (Yang et al. 2019, arXiv
    1902.08129). It becomes a failure when plain SGD cannot descend on the very batch at any
    ordinary learning rate, or descends only by killing the network in its first step. Where the
    forward pass overflows before any gradient exists, its growth decides.
    """

    symptom: ClassVar[str] = "exploding"
    related_rules: ClassVar[tuple[str, ...]] = ("GRD201", "GRD301")

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass on moderate growth; else ask for seeds and SGD trials, then decide."""
        overflow = _overflow(evidence.report, limits)
        if overflow is not None:
            return Outcome(Judgement("fail", (overflow.message,)), overflow)
        profile = profile_of(evidence.report)
        if profile is None:
            return Outcome(Judgement("not_observed", ("no layer with weights got a gradient",)))
        if not (arrived_finite(evidence.report) and math.isfinite(profile.best.share)):
            return Outcome(Judgement("not_observed", (no_share(profile),)))
        limit = limits.exploding_growth
        if profile.best.share <= limit:
            return Outcome(Judgement("pass", (_growth(profile),)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        below = [s for s in map(_share, evidence.reseeded) if s <= limit]
        if below:
            reason = f"over the limit with one seed only; others show x{min(below):.1e}"
            return Outcome(Judgement("pass", (_growth(profile), reason)))
        if evidence.trials is None:
            return Need.TRIALS
        stable = [trial for trial in evidence.trials if is_stable(trial, limits)]
        if stable:
            reason = f"SGD descends at learning rate {stable[0].learning_rate:g} all the same"
            return Outcome(Judgement("pass", (_growth(profile), reason)))
        finding = self._finding(evidence.report, profile, evidence.trials, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(
        self, report: Report, profile: Profile, trials: tuple[Trial, ...], limits: Limits
    ) -> Finding:
        limit, growth = limits.exploding_growth, profile.best.share
        first = profile.best.first
        return Finding(
            symptom=self.symptom,
            where=first.name,
            source=first.source,
            measured=growth,
            limit=limit,
            unit="multiples of the last layer's gradient",
            limit_name="exploding_growth",
            message=(
                f"the gradient grows {growth:.1e} times on its way back to {first.name}, "
                "and SGD is unstable at every ordinary learning rate"
            ),
            observations=(
                (
                    "Worst",
                    f"{weight_of(report, first)}, growth {growth:.1e} (limit {limit:.1e})",
                ),
                (
                    "Where",
                    f"grows x{profile.best.per_layer:.3g} per layer from {profile.last.name} "
                    f"back to {first.name}",
                ),
                *(("Tried", _told(trial)) for trial in trials),
            ),
            rows=rows_of(profile, failing=lambda share: share > limit),
            related_rules=self.related_rules,
        )


def is_stable(trial: Trial, limits: Limits) -> bool:
    """Whether a trial descended and left a network that still learns."""
    return trial.descended and trial.share_after >= limits.vanishing_share


def _overflow(report: Report, limits: Limits) -> Finding | None:
    """The forward pass grew geometrically until it left the range of floats."""
    layers = [layer for layer in report.layers if layer.weighted]
    finite: list[LayerRecord] = []
    for layer in layers:
        if not math.isfinite(layer.activation_rms):
            break
        finite.append(layer)
    if len(finite) in {0, len(layers)}:
        return None
    smallest = min(layer.activation_rms for layer in finite)
    growth = finite[-1].activation_rms / smallest if smallest else math.inf
    if growth < limits.overflow_growth:
        return None
    broken = layers[len(finite)]
    return Finding(
        symptom="exploding",
        where=broken.name,
        source=broken.source,
        measured=growth,
        limit=limits.overflow_growth,
        unit="growth of the activations' rms",
        limit_name="overflow_growth",
        message=(
            f"activations grow {growth:.1e} times over {len(finite)} layers and overflow at "
            f"{broken.name}"
        ),
        observations=(
            (
                "Where",
                f"rms {finite[0].activation_rms:.1e} at {finite[0].name}, "
                f"{finite[-1].activation_rms:.1e} at {finite[-1].name}, not finite after it",
            ),
        ),
        related_rules=Exploding.related_rules,
    )


def _told(trial: Trial) -> str:
    rate = f"SGD at learning rate {trial.learning_rate:g}: "
    start, end = trial.losses[0], trial.losses[-1]
    if trial.descended:
        return f"{rate}the first steps kill the network (loss {start:.1e} to {end:.1e})"
    if not math.isfinite(end):
        return f"{rate}the loss goes from {start:.1e} to {end}"
    return f"{rate}the loss rises from {start:.1e} to {end:.1e}"


def _share(report: Report) -> float:
    profile = profile_of(report)
    return 0.0 if profile is None else profile.best.share


def _growth(profile: Profile) -> str:
    return f"x{profile.best.share:.1e} from {profile.last.name} back to {profile.best.first.name}"
