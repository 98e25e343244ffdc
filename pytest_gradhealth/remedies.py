"""Try the textbook remedies on a copy, measure each, rank them: nothing is claimed unmeasured."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gradhealth.checks.exploding import is_stable
from pytest_gradhealth.facts import Grade, Remedy
from pytest_gradhealth.profile import Profile, profile_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.limits import Limits
    from pytest_gradhealth.recorder.batch import Objective

_CLIP_NORM = 1.0  # Pascanu et al. (2013), section 3.2, and the default of common trainers
_ORDER = {"healthy": 0, "better": 1, "no better": 2}
_FLAT = 2  # axes of (batch, features)
_DIFFERENCE = 2.0  # a factor below this lies within what another seed does


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One remedy: its name and what it does to the copy; false where there is nothing to do."""

    name: str
    apply: Callable[[nn.Module], bool]


def try_remedies(
    symptom: str, model: nn.Module, objective: Objective, report: Report, limits: Limits, seed: int
) -> tuple[Remedy, ...]:
    """Every remedy that applies to the symptom, best first; empty for symptoms without any.

    Stops starting new ones when ``limits.remedy_seconds`` have passed.
    """
    profile = profile_of(report)
    if symptom not in {"vanishing", "exploding"} or profile is None:
        return ()
    deadline = time.monotonic() + limits.remedy_seconds
    found = []
    for attempt in _attempts(profile):
        if time.monotonic() > deadline:
            break
        remedy = _measured(attempt, symptom, model, objective, profile, limits, seed)
        if remedy is not None:
            found.append(remedy)
    measurable = math.isfinite(profile.best.share)
    if symptom == "exploding" and measurable and time.monotonic() <= deadline:
        found.append(_clipped(model, objective, profile, limits, seed))
    return tuple(sorted(found, key=_rank))


def _rank(remedy: Remedy) -> tuple[int, float]:
    """Best first: the outcome, then how near the share is to 1."""
    distance = abs(math.log(remedy.value)) if remedy.value > 0 else math.inf
    return _ORDER[remedy.outcome], distance


def _attempts(profile: Profile) -> Iterator[_Attempt]:
    from pytest_gradhealth.recorder import surgery

    paths = [layer.path for layer in profile.layers]
    hidden = [path for path in paths if path != profile.last.path]

    def relu_and_kaiming(twin: nn.Module) -> bool:
        return surgery.swap_bounded_for_relu(twin) and surgery.reinitialise(
            twin, paths, surgery.kaiming
        )

    def drawn_by(initialiser: surgery.Initialiser) -> Callable[[nn.Module], bool]:
        return lambda twin: surgery.reinitialise(twin, paths, initialiser)

    yield _Attempt("ReLU + kaiming_normal_", relu_and_kaiming)
    yield _Attempt("kaiming_normal_", drawn_by(surgery.kaiming))
    yield _Attempt("xavier_normal_ (tanh gain)", drawn_by(surgery.xavier))
    yield _Attempt("orthogonal_", drawn_by(surgery.orthogonal))
    # BatchNorm1d takes (batch, features); behind a Linear on sequences it would mix up the axes.
    flat = [layer.path for layer in profile.layers if layer.path in hidden and _fits_batch(layer)]
    yield _Attempt(
        "BatchNorm after each hidden layer", lambda twin: surgery.batch_normalise(twin, flat)
    )
    yield _Attempt(
        "LayerNorm after each hidden layer", lambda twin: surgery.layer_normalise(twin, hidden)
    )


def _fits_batch(layer: LayerRecord) -> bool:
    return layer.kind != "Linear" or len(layer.shape) == _FLAT


def _measured(
    attempt: _Attempt,
    symptom: str,
    model: nn.Module,
    objective: Objective,
    before: Profile,
    limits: Limits,
    seed: int,
) -> Remedy | None:
    from pytest_gradhealth.recorder.generators import seed_generators
    from pytest_gradhealth.recorder.run import measure
    from pytest_gradhealth.recorder.surgery import copied

    twin = copied(model)
    if twin is None:
        return None
    seed_generators(seed)
    if not attempt.apply(twin):
        return None
    try:
        after = profile_of(measure(twin, objective, seed))
    except Exception:  # the model's own code may not work with the layers put in
        return None
    if after is None or math.isnan(after.best.share):
        return Remedy(attempt.name, 0.0, "no better", "no gradient arrives at all")
    return Remedy(
        attempt.name,
        after.best.share,
        _outcome(symptom, before.best.share, after.best.share, limits),
    )


def _outcome(symptom: str, before: float, after: float, limits: Limits) -> Grade:
    if limits.vanishing_share <= after <= limits.exploding_growth:
        return "healthy"
    # Overshooting into the other symptom is no improvement.
    if symptom == "vanishing":
        gained = before * _DIFFERENCE < after <= limits.exploding_growth
    else:
        gained = limits.vanishing_share <= after < before / _DIFFERENCE
    return "better" if gained else "no better"


def _clipped(
    model: nn.Module, objective: Objective, profile: Profile, limits: Limits, seed: int
) -> Remedy:
    from pytest_gradhealth.recorder.trials import descended

    name = f"clip_grad_norm_(max_norm={_CLIP_NORM:g})"
    for rate in limits.ordinary_learning_rates:
        trial = descended(
            model,
            objective,
            seed,
            learning_rate=rate,
            steps=limits.stability_steps,
            max_norm=_CLIP_NORM,
        )
        if is_stable(trial, limits):
            return Remedy(name, profile.best.share, "healthy", f"SGD descends at {rate:g}")
    return Remedy(name, profile.best.share, "no better", "SGD descends at no rate tried")
