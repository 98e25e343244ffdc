"""The gradient fades along the way back and still does after a few steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from pytest_gradhealth.checks.check import Need, Outcome
from pytest_gradhealth.checks.expected import expected_zeros
from pytest_gradhealth.checks.faded import (
    behind_a_flat_operation,
    faded,
    faded_over_time,
    silent_loss,
)
from pytest_gradhealth.checks.over_time import unlearned
from pytest_gradhealth.checks.table import (
    TAUGHT_NOTHING,
    confirmed,
    is_deaf,
    learns,
    learns_nothing,
    names_of,
    no_share,
)
from pytest_gradhealth.facts import Evidence, Finding, Judgement
from pytest_gradhealth.profile import Profile, Tower, arrived_finite, profile_of, side_fade

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Report
    from pytest_gradhealth.limits import Limits

_STACK = 3  # layers in which a fade can be told from a single factor


class Vanishing:
    """The share of the last layer's gradient that reaches the earliest layers, under a limit.

    The share is a ratio of L2 norms of dL/d(output), so neither the loss's scale nor the widths
    matter. In a plain chain it is chi to the power of half the depth (Schoenholz et al. 2017,
    arXiv 1611.01232, section 4). A share under the limit is a suspicion; it becomes a failure when
    other seeds show it too and Adam's first steps do not lift it, as they lift zero-initialised
    heads, gammas and branches. Parameters behind an operation whose derivative is zero everywhere,
    such as ``round``, need no confirmation: nothing will ever reach them.
    """

    symptom: ClassVar[str] = "vanishing"

    def judge(self, evidence: Evidence, limits: Limits) -> Outcome | Need:
        """Pass on a sufficient share; else ask for seeds and a warm-up, then decide."""
        blocked = [entry for entry in evidence.report.blocked_by if not evidence.ignores(entry[0])]
        if blocked:
            return _fails(behind_a_flat_operation(evidence.report, blocked, limits))
        profile = profile_of(evidence.report)
        if profile is None:
            return Outcome(Judgement("not_observed", ("no layer with weights got a gradient",)))
        if _is_silent(evidence.report):
            return self._silent(evidence, profile, limits)
        if not (arrived_finite(evidence.report) and math.isfinite(profile.best.share)):
            return Outcome(Judgement("not_observed", (no_share(profile),)))
        suspect = _suspect(profile, limits)
        if suspect is None:
            return self._faint(evidence, profile, limits)
        if evidence.ignores(*names_of(evidence.report, suspect.first)):
            reason = f"{_reach(profile, suspect)}; ignored by the caller"
            return Outcome(Judgement("expected", (reason,)))
        limit = limits.vanishing_share
        if evidence.reseeded is None:
            return Need.RESEEDED
        reached = [_share(report, suspect) for report in evidence.reseeded]
        if max(reached) >= limit:
            reason = f"under the limit with one seed only; others reach {max(reached):.1e}"
            return Outcome(Judgement("pass", (_reach(profile, suspect), reason)))
        if evidence.warmed is None:
            return Need.WARMED
        warmed = _share(evidence.warmed, suspect)
        if warmed >= _awake(suspect, limits, best=suspect is profile.best):
            if suspect is profile.best and (
                warmed < limits.fading_share or _fades(suspect, limits)
            ):
                deaf = is_deaf(evidence, limits)
                if isinstance(deaf, Need):
                    return deaf
                if deaf:
                    return _fails(faded(evidence.report, profile, suspect, limits, TAUGHT_NOTHING))
            reason = (
                f"{suspect.share:.1e} at the start rises to {warmed:.1e} within "
                f"{limits.warmup_steps} Adam steps: zero- or small-initialised layers "
                "on the way wake up"
            )
            return Outcome(Judgement("expected", (reason,)))
        if max(warmed, *reached):  # what nothing at all reaches cannot learn, whatever else does
            if evidence.learning is None:
                return Need.LEARNING
            how = learns(evidence, limits, with_both=True)
            if how:
                return Outcome(Judgement("expected", (_reach(profile, suspect), how)))
        sure = confirmed(limits, f"and at {warmed:.1e} after {limits.warmup_steps} Adam steps")
        return _fails(faded(evidence.report, profile, suspect, limits, sure))

    def _silent(self, evidence: Evidence, profile: Profile, limits: Limits) -> Outcome | Need:
        """No gradient at all, though the loss is not at its end: with other seeds, too?

        A loss of nearly zero is at its end, unless trials show that nothing was learned.
        """
        if evidence.scaled and not _is_silent(evidence.scaled[0]):
            reason = "float16 loses every gradient; under a scaled loss they arrive"
            return Outcome(Judgement("not_observed", (reason,)))
        if abs(evidence.report.loss) <= limits.solved_loss:
            if evidence.learning is None:
                return Need.LEARNING
            if not learns_nothing(evidence, limits):
                return Outcome(Judgement("not_observed", (no_share(profile),)))
        if evidence.reseeded is None:
            return Need.RESEEDED
        if evidence.warmed is None:
            return Need.WARMED
        if not all(_is_silent(r) for r in (*evidence.reseeded, evidence.warmed)):
            reason = "no gradient at all with one seed only"
            return Outcome(Judgement("not_observed", (reason,)))
        return _fails(silent_loss(evidence.report, profile, limits))

    def _faint(self, evidence: Evidence, profile: Profile, limits: Limits) -> Outcome | Need:
        """Little arrives, though not too little: it is too little where nothing can be learned."""
        if profile.best.share >= limits.fading_share or limits.is_lowered("vanishing_share"):
            return self._over_time(evidence, profile, limits)
        if evidence.ignores(*names_of(evidence.report, profile.best.first)):
            return self._passed(evidence.report, profile)
        deaf = is_deaf(evidence, limits)
        if isinstance(deaf, Need):
            return deaf
        if not deaf:
            return self._over_time(evidence, profile, limits)
        return _fails(faded(evidence.report, profile, profile.best, limits, TAUGHT_NOTHING))

    def _over_time(self, evidence: Evidence, profile: Profile, limits: Limits) -> Outcome | Need:
        """Enough arrives in every layer; does it reach the time steps that hold the answer?"""
        found = unlearned(evidence, limits, cut=False)
        if isinstance(found, Need):
            return found
        if found is None:
            return self._passed(evidence.report, profile)
        return _fails(faded_over_time(evidence.report, found, limits))

    def _passed(self, report: Report, profile: Profile) -> Outcome:
        zeros = expected_zeros(report)
        reach = _reach(profile, profile.best)
        if zeros:
            return Outcome(Judgement("expected", (reach, *zeros)))
        return Outcome(Judgement("pass", (reach,)))


def _fails(finding: Finding) -> Outcome:
    return Outcome(Judgement("fail", (finding.message,)), finding)


def _is_silent(report: Report) -> bool:
    arrived = [p.gradient_rms for p in report.parameters if p.gradient_rms is not None]
    return bool(arrived) and not any(arrived)


def _suspect(profile: Profile, limits: Limits) -> Tower | None:
    """The way in that gets too little: the best one if even that does, else one that fades."""
    if profile.best.share < limits.vanishing_share:
        return profile.best
    fading = [
        tower
        for tower in profile.towers
        if tower.share < limits.vanishing_share and _fades_by_itself(tower, profile.best, limits)
    ]
    return min(fading, key=lambda tower: tower.share, default=None)


def _awake(tower: Tower, limits: Limits, *, best: bool) -> float:
    """The share that clears a suspect after the warm-up: more where all layers fade together."""
    return limits.fading_share if best and _fades(tower, limits) else limits.vanishing_share


def _fades(tower: Tower, limits: Limits) -> bool:
    """Whether it does so layer by layer, not by one factor."""
    return 0 < tower.steady_share < limits.fading_share


def _fades_by_itself(tower: Tower, best: Tower, limits: Limits) -> bool:
    """Whether a tower fades in layers of its own before it joins the best one's way.

    A table of positions that enters attention at its softmax has none; a small network that makes
    such a table has some, but what little it gets is due to the softmax and to the branch's
    LayerScale.
    """
    shared = {layer.name for layer in best.route}
    own = [layer for layer in tower.route if layer.name not in shared]
    joint = [layer for layer in tower.route if layer.name in shared]
    deep = tower.depth - (joint[0].depth or 0 if joint else 0)
    is_a_stack = deep >= _STACK and len(own) >= _STACK
    return is_a_stack and side_fade([*own, *joint[:1]]) < limits.fading_share


def _share(report: Report, tower: Tower) -> float:
    """The share that the same layer gets in another pass."""
    profile = profile_of(report)
    if profile is None:
        return 0.0
    shares = [t.share for t in profile.towers if t.first.path == tower.first.path]
    return max((share for share in shares if math.isfinite(share)), default=0.0)


def _reach(profile: Profile, tower: Tower) -> str:
    return f"x{tower.share:.1e} from {profile.last.name} back to {tower.first.name}"
