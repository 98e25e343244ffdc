"""The gradient fades along the way back and still does after a few steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.table import activations_on_path, no_share, rows_of, weight_of
from pytest_gradhealth.facts import Evidence, Finding, Judgement
from pytest_gradhealth.profile import Profile, profile_of

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Report
    from pytest_gradhealth.limits import Limits


class Vanishing:
    """The share of the last layer's gradient that reaches the earliest layers, under a limit.

    The share is a ratio of L2 norms of dL/d(output), so neither the loss's scale nor the widths
    matter. In a plain chain it is chi to the power of half the depth (Schoenholz et al. 2017,
    arXiv 1611.01232, section 4). A share under the limit is a suspicion; it becomes a failure when
    other seeds show it too and Adam's first steps do not lift it, as they lift zero-initialised
    heads, gammas and branches.
    """

    symptom: ClassVar[str] = "vanishing"
    related_rules: ClassVar[tuple[str, ...]] = ("GRD101",)

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass on a sufficient share; else ask for seeds and a warm-up, then decide."""
        profile = profile_of(evidence.report)
        if profile is None:
            return Outcome(Judgement("not_observed", ("no layer with weights got a gradient",)))
        if not math.isfinite(profile.share):
            return Outcome(Judgement("not_observed", (no_share(profile),)))
        limit = limits.vanishing_share
        if profile.share >= limit:
            return Outcome(Judgement("pass", (_reach(profile),)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        above = [s for s in map(_share, evidence.reseeded) if s >= limit]
        if above:
            reason = f"under the limit with one seed only; others reach {max(above):.1e}"
            return Outcome(Judgement("pass", (_reach(profile), reason)))
        if evidence.warmed is None:
            return Need.WARMED
        warmed = _share(evidence.warmed)
        if warmed >= limit:
            reason = (
                f"{profile.share:.1e} at the start rises to {warmed:.1e} within "
                f"{limits.vanishing_warmup_steps} Adam steps: zero- or small-initialised layers "
                "on the way wake up"
            )
            return Outcome(Judgement("expected", (reason,)))
        finding = self._finding(evidence.report, profile, warmed, limits)
        return Outcome(Judgement("fail", (finding.message,)), finding)

    def _finding(self, report: Report, profile: Profile, warmed: float, limits: Limits) -> Finding:
        limit = limits.vanishing_share
        few = [layer for layer in profile.layers if profile.share_of(layer) < limit]
        first = profile.first
        return Finding(
            symptom=self.symptom,
            where=first.name,
            source=first.source,
            measured=profile.share,
            limit=limit,
            unit="share of the last layer's gradient",
            limit_name="vanishing_share",
            message=(
                f"{len(few)} of {len(profile.layers)} layers get less than {limit:.0e} "
                "of the last layer's gradient"
            ),
            observations=(
                (
                    "Worst",
                    f"{weight_of(report, first)}, share {profile.share:.1e} (limit {limit:.1e})",
                ),
                (
                    "Where",
                    f"shrinks x{profile.per_layer:.2g} per layer from {profile.last.name} "
                    f"back to {first.name}",
                ),
                *activations_on_path(report),
                (
                    "Confirmed",
                    f"with {limits.confirmation_seeds} more seeds, and at {warmed:.1e} after "
                    f"{limits.vanishing_warmup_steps} Adam steps",
                ),
            ),
            rows=rows_of(profile, failing=lambda share: share < limit),
            related_rules=self.related_rules,
        )


def _share(report: Report) -> float:
    profile = profile_of(report)
    return 0.0 if profile is None or not math.isfinite(profile.share) else profile.share


def _reach(profile: Profile) -> str:
    return f"x{profile.share:.1e} from {profile.last.name} back to {profile.first.name}"
