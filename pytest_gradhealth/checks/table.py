"""What several checks say in the same words: table rows, a layer's weight, the activations met."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from pytest_gradhealth.checks.check import Need
from pytest_gradhealth.facts import (
    ActivationRecord,
    Evidence,
    LayerRecord,
    ParameterRecord,
    Report,
    Row,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_gradhealth.limits import Limits
    from pytest_gradhealth.profile import Profile

#: Largest slope of each bounded activation: a fact of its formula.
STEEPEST: Final = {
    "Sigmoid": "0.25",
    "Hardsigmoid": "0.17",
    "Tanh": "1",
    "Softsign": "1",
    "LogSigmoid": "1",
}

#: What makes a weak suspicion a failure, as an observation.
TAUGHT_NOTHING: Final = (
    "Confirmed",
    "steps with Adam and with SGD on half of the batch teach it nothing of the other half",
)


def rows_of(profile: Profile, failing: Callable[[float], bool]) -> tuple[Row, ...]:
    """One row a weighted layer, in forward order."""
    rows = []
    for layer in profile.layers:
        share = profile.share_of(layer)
        value = layer.gradient_norm or 0.0
        rows.append(Row(layer.name, layer.shape, value, share, failing(share)))
    return tuple(rows)


def names_of(report: Report, layer: LayerRecord) -> tuple[str, ...]:
    """A layer's path and the names of its weights: what ``ignore`` may call it."""
    return (layer.path, *(name for p in weights_of(report, layer) for name in p.names))


def weights_of(report: Report, layer: LayerRecord) -> tuple[ParameterRecord, ...]:
    """The matrices of a layer; where a module multiplies by itself, a layer is one of its own."""
    weights = [p for p in report.parameters if p.is_weight]
    itself = tuple(p for p in weights if layer.path in p.names)
    return itself or tuple(p for p in weights if p.owner == layer.path)


def place_of(report: Report, parameter: ParameterRecord) -> str:
    """The layer a parameter belongs to; its own name where its module holds several matrices."""
    own = sum(p.is_weight and p.owner == parameter.owner for p in report.parameters)
    fused = any(layer.path == parameter.owner and layer.weighted for layer in report.layers)
    alone = fused or own == 1
    return parameter.owner if parameter.owner and alone else parameter.name


def weight_of(report: Report, layer: LayerRecord) -> str:
    """A layer's weight, its shape, dtype and gradient, as one phrase."""
    for parameter in weights_of(report, layer):
        rms = "none" if parameter.gradient_rms is None else f"{parameter.gradient_rms:.1e}"
        return f"{parameter.name} {parameter.shape} {parameter.dtype}: rms(grad) {rms}"
    return f"{layer.name}: its weight is frozen"


def activations_on_path(report: Report) -> tuple[tuple[str, str], ...]:
    """How many bounded activations the gradient had to pass."""
    met = Counter(layer.kind for layer in report.layers if layer.reached and layer.kind in STEEPEST)
    return tuple(
        (
            "Observed",
            f"{count} {kind} modules on the path; each passes on at most {STEEPEST[kind]}",
        )
        for kind, count in met.most_common()
    )


def no_share(profile: Profile) -> str:
    """Why a profile has no finite share."""
    if math.isnan(profile.best.share) and profile.last.gradient_norm == 0:
        return f"the loss sends a gradient of exactly zero to {profile.last.name}"
    return "the gradient is not finite"


def confirmed(limits: Limits, how: str) -> tuple[str, str]:
    """The observation that says what a suspicion was confirmed by."""
    return ("Confirmed", f"with {limits.confirmation_seeds} more seeds, {how}")


def learns(evidence: Evidence, limits: Limits, *, with_both: bool) -> str:
    """How the model learned from half of the batch; "" where it did not.

    Args:
        evidence: With the learning trials.
        limits: For the gain that counts.
        with_both: Whether Adam and SGD must both have worked, or one of them.
    """
    worked = {
        trial.optimizer: trial
        for trial in evidence.learning or ()
        if trial.learned(limits.learning_gain)
    }
    if len(worked) < (2 if with_both else 1):
        return ""
    told = " and ".join(f"{t.optimizer} at {t.learning_rate:g}" for t in worked.values())
    return f"yet half of the batch teaches it the other half, with {told}"


def generalises(evidence: Evidence, limits: Limits) -> bool:
    """Whether some trial told the other half's samples apart."""
    trials = evidence.learning or ()
    return any(trial.generalised(limits.learning_gain) for trial in trials)


def learns_nothing(evidence: Evidence, limits: Limits) -> bool:
    """Whether trials were made and none taught the model anything, not even by heart."""
    return _learns_less(evidence, limits, limits.learning_fitted)


def is_deaf(evidence: Evidence, limits: Limits, *, at_once: bool = True) -> bool | Need:
    """What a weak suspicion needs to become a failure, or the measurement that tells.

    Trials leave no trace of learning; or a reference learner finds in one half of the batch what
    holds for the other, and no trial finds any of it.

    Args:
        evidence: With as much as was measured so far.
        limits: For the trials.
        at_once: Where there is nothing to find, the first trial that leaves a trace is enough. Not
            for a chaotic network, which learns single samples by heart and forgets them.
    """
    if evidence.signal is None:
        return Need.SIGNAL
    found = any(signal.found for signal in evidence.signal)
    if evidence.learning is None:
        if found or not at_once:
            return Need.LEARNING
        return Need.TRACE if evidence.trace is None else not evidence.trace
    if not evidence.learning or generalises(evidence, limits):
        return False
    return found or _learns_less(evidence, limits, limits.learning_trace)


def _learns_less(evidence: Evidence, limits: Limits, fitted: float) -> bool:
    trials = evidence.learning or ()
    by_heart = any(trial.fitted <= fitted for trial in trials)
    learned = any(trial.learned(limits.learning_gain) for trial in trials)
    return bool(trials) and not by_heart and not learned


def source_at(report: Report, path: str) -> str:
    """``file:line`` of the class behind a module path, where the pass saw it run."""
    return next((layer.source for layer in report.layers if layer.path == path), "")


def fed_by(report: Report, activation: ActivationRecord) -> str:
    """The layer whose weights put an activation where it is, as a phrase."""
    path = blame(activation)
    if not path:
        return "fed by the input, or by the model's own parameters"
    kind = next((layer.kind for layer in report.layers if layer.path == path), "")
    return f"fed by {path} ({kind})" if kind else f"fed by {path}"


def blame(activation: ActivationRecord) -> str:
    """The module whose weights put an activation where it is."""
    return activation.feeds_from or activation.path


def common(left: list[ActivationRecord], right: list[ActivationRecord]) -> list[ActivationRecord]:
    """Those of the left that the right has too, in the left's order."""
    there = {(a.kind, a.path, a.feeds_from) for a in right}
    return [a for a in left if (a.kind, a.path, a.feeds_from) in there]
