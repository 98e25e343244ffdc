"""Try the textbook remedies on a copy, measure each, rank them: nothing is claimed unmeasured."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gradhealth import progress
from pytest_gradhealth.checks import ALL_CHECKS, Outcome
from pytest_gradhealth.checks.collapse import spread_at_end
from pytest_gradhealth.checks.exploding import is_stable
from pytest_gradhealth.facts import Evidence, Grade, Remedy
from pytest_gradhealth.profile import loss_scale, profile_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import nn

    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.limits import Limits
    from pytest_gradhealth.recorder.batch import Objective

_CLIP_NORM = 1.0  # Pascanu et al. (2013), section 3.2, and the default of common trainers
_SMALLER_RATES = (1e-4, 1e-5, 1e-6, 1e-8)  # below the ordinary ones, down to where none would wait
_ORDER = {"healthy": 0, "better": 1, "no better": 2}
_FLAT = 2  # axes of (batch, features)
_DIFFERENCE = 2.0  # a factor below this lies within what another seed does

#: Symptoms that weights, activations and layers can cure; a remedy must leave none of them.
_CURABLE = ("vanishing", "exploding", "dead_units", "saturation", "collapse", "symmetry")


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
    if symptom not in _CURABLE or profile_of(report) is None:
        return ()
    deadline = time.monotonic() + limits.remedy_seconds
    found = []
    for attempt in _attempts(report, objective, seed):
        if time.monotonic() > deadline:
            break
        progress.at(f"{symptom}, trying {attempt.name}")
        remedy = _measured(attempt, symptom, model, objective, report, limits, seed)
        if remedy is not None:
            found.append(remedy)
    if time.monotonic() <= deadline:
        found += _with_standard_inputs(symptom, model, objective, report, limits, seed)
    if symptom == "exploding" and math.isfinite(_share(report)) and time.monotonic() <= deadline:
        found += _trained_otherwise(model, objective, report, limits, seed)
    return tuple(sorted(found, key=lambda remedy: _rank(remedy, symptom)))


def _rank(remedy: Remedy, symptom: str) -> tuple[int, float]:
    """Best first: the outcome, then how near the number is to 1; to 0 for a share of sick units."""
    if symptom in {"dead_units", "saturation", "symmetry"}:
        return _ORDER[remedy.outcome], remedy.value
    distance = abs(math.log(remedy.value)) if remedy.value > 0 else math.inf
    return _ORDER[remedy.outcome], distance


def _attempts(report: Report, objective: Objective, seed: int) -> Iterator[_Attempt]:
    from pytest_gradhealth.recorder import rescue, surgery

    profile = profile_of(report)
    assert profile is not None
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
    yield _Attempt("reset_parameters()", lambda twin: surgery.reset(twin, paths))
    yield _Attempt(
        "orthogonal_, scaled by the data (LSUV)",
        lambda twin: rescue.scale_by_data(twin, paths, objective, seed),
    )
    # BatchNorm1d takes (batch, features); behind a Linear on sequences it would mix up the axes.
    flat = [layer.path for layer in profile.layers if layer.path in hidden and _fits_batch(layer)]
    yield _Attempt(
        "BatchNorm after each hidden layer", lambda twin: surgery.batch_normalise(twin, flat)
    )
    yield _Attempt(
        "LayerNorm after each hidden layer", lambda twin: surgery.layer_normalise(twin, hidden)
    )
    yield _Attempt(
        "residual around each hidden layer", lambda twin: rescue.add_residuals(twin, hidden)
    )
    yield _Attempt("LeakyReLU for ReLU", surgery.swap_relu_for_leaky)


def _fits_batch(layer: LayerRecord) -> bool:
    return layer.kind != "Linear" or len(layer.shape) == _FLAT


def _measured(
    attempt: _Attempt,
    symptom: str,
    model: nn.Module,
    objective: Objective,
    before: Report,
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
    try:
        if not attempt.apply(twin):
            return None
        after = measure(twin, objective, seed)
    except Exception:  # the model's own code may not work with the layers put in
        return None
    return _graded(attempt.name, symptom, before, after, limits)


def _with_standard_inputs(
    symptom: str,
    model: nn.Module,
    objective: Objective,
    before: Report,
    limits: Limits,
    seed: int,
) -> list[Remedy]:
    from pytest_gradhealth.recorder.rescue import standardised
    from pytest_gradhealth.recorder.run import measure

    changed = standardised(objective)
    if changed is None:
        return []
    after = measure(model, changed, seed)
    return [_graded("standardised inputs", symptom, before, after, limits)]


def _graded(name: str, symptom: str, before: Report, after: Report, limits: Limits) -> Remedy:
    value = _number(symptom, after)
    if math.isnan(value):
        return Remedy(name, 0.0, "no better", "no gradient arrives at all")
    verdicts = [
        (check.symptom, check.judge(Evidence(after, learning=(), signal=(), trace=True), limits))
        for check in ALL_CHECKS
        if check.symptom in _CURABLE
    ]
    remaining = [
        other
        for other, verdict in verdicts
        if not isinstance(verdict, Outcome) or verdict.judgement.verdict == "fail"
    ]
    if not remaining:
        return Remedy(name, value, "healthy")
    if symptom in remaining:
        return Remedy(name, value, _progress(symptom, _number(symptom, before), value, limits))
    # Overshooting into another symptom is no improvement.
    return Remedy(name, value, "no better", f"now {' and '.join(remaining)}")


def _progress(symptom: str, before: float, after: float, limits: Limits) -> Grade:
    if symptom in {"vanishing", "collapse"}:
        gained = before * _DIFFERENCE < after <= limits.exploding_growth
    else:
        gained = 0 < after < before / _DIFFERENCE
    if symptom == "exploding":
        gained = gained and after >= limits.vanishing_share
    return "better" if gained else "no better"


def _number(symptom: str, report: Report) -> float:
    """What the symptom's check holds against its limit."""
    if symptom == "dead_units":
        dead = [(a.dead or 0) / max(a.units, 1) for a in report.activations if a.dead is not None]
        return max(dead, default=0.0)
    if symptom == "saturation":
        return max((a.flat or 0.0 for a in report.activations if not a.last), default=0.0)
    if symptom == "collapse":
        return spread_at_end(report)
    if symptom == "symmetry":
        return max((p.tied_units for p in report.parameters), default=0.0)
    return _share(report)


def _share(report: Report) -> float:
    profile = profile_of(report)
    return math.nan if profile is None else profile.best.share


def _trained_otherwise(
    model: nn.Module, objective: Objective, report: Report, limits: Limits, seed: int
) -> Iterator[Remedy]:
    """Clipping, and smaller learning rates, each by steps on the batch."""
    value, scale = _share(report), loss_scale(report)

    def rate_that_works(rates: Sequence[float], max_norm: float | None) -> float | None:
        from pytest_gradhealth.recorder.trials import descended

        for rate in rates:
            trial = descended(
                model,
                objective,
                seed,
                learning_rate=rate,
                steps=limits.stability_steps,
                max_norm=max_norm,
                scale=scale,
            )
            if is_stable(trial, limits):
                return rate
        return None

    name = f"clip_grad_norm_(max_norm={_CLIP_NORM:g})"
    rate = rate_that_works(limits.ordinary_learning_rates, _CLIP_NORM)
    if rate is None:
        yield Remedy(name, value, "no better", "SGD descends at no rate tried")
    else:
        yield Remedy(name, value, "healthy", f"SGD descends at {rate:g}")
    rate = rate_that_works(_SMALLER_RATES, None)
    if rate is None:
        tried = f"{_SMALLER_RATES[0]:g} to {_SMALLER_RATES[-1]:g}"
        yield Remedy("a smaller learning rate", value, "no better", f"none of {tried} descends")
    else:
        yield Remedy("a smaller learning rate", value, "better", f"SGD descends at {rate:g}")
