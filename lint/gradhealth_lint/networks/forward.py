"""The way forward through a network: what the signal is at every step, and each step's slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from gradhealth_lint.activations import Activation, Moments, moments
from gradhealth_lint.networks.steps import (
    Affine,
    Curve,
    Dropout,
    Norm,
    Parallel,
    Pool,
    Scale,
    Step,
)
from gradhealth_lint.theory import kernel, rounded

#: torch's default for every norm; it matters for signals that have nearly died.
_EPSILON: Final = 1e-5
TINY: Final = 1e-280
_HUGE: Final = 1e280
#: Fill value of AlphaDropout, minus SELU's scale times alpha (Klambauer et al. 2017, 1706.02515).
_ALPHA_FILL: Final = -1.7580993408473766
_REACH: Final = 9.0
_CELLS: Final = 720


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal over its units; see the package."""

    mean: float
    second: float
    overlap: float
    units: float

    @property
    def variance(self) -> float:
        """Over units."""
        return max(self.second - self.mean * self.mean, 0.0)


@dataclass(slots=True)
class Pass:
    """What the way back needs of one step of the way forward."""

    step: Step
    before: Signal
    after: Signal
    #: ln of the factor of the squared gradient norm.
    log: float
    moments: Moments | None = None
    alike: float = 0.0
    arms: tuple[tuple[Pass, ...], ...] = ()


def forward(steps: Sequence[Step], signal: Signal) -> tuple[tuple[Pass, ...], Signal]:
    """Follow a signal through these steps; what comes out of the last of them."""
    passes = []
    for step in steps:
        done = _enter(step, signal)
        passes.append(done)
        signal = done.after
    return tuple(passes), signal


def _enter(step: Step, s: Signal) -> Pass:
    if isinstance(step, Affine):
        power = step.taps * step.weight.variance
        second = power * s.second + step.bias.variance + step.bias.mean**2
        overlap = power * s.overlap + step.bias.variance + step.bias.mean**2
        after = Signal(step.bias.mean, _bounded(second), min(overlap, second), step.units)
        return Pass(step, s, after, log_of(power))
    if isinstance(step, Curve):
        return _curve(step, s)
    if isinstance(step, Norm):
        return _norm(step, s)
    if isinstance(step, Scale):
        square = step.factor**2
        after = Signal(s.mean * step.factor, s.second * square, s.overlap * square, s.units)
        return Pass(step, s, after, log_of(square))
    if isinstance(step, Dropout):
        return _dropout(step, s)
    if isinstance(step, Pool):
        return _pool(step, s)
    return _parallel(step, s)


def _curve(step: Curve, s: Signal) -> Pass:
    if step.activation.name == "glu":
        gate = moments(Activation("sigmoid"), rounded(s.mean), rounded(s.variance))
        over, _ = kernel(gate, s.variance, _correlation(s))
        after = Signal(s.mean * gate.mean, s.second * gate.second, s.overlap * over, s.units / 2.0)
        return Pass(step, s, after, log_of(gate.second + s.second * gate.slope_second))
    local = moments(step.activation, rounded(s.mean), rounded(s.variance))
    overlap, alike = kernel(local, s.variance, _correlation(s))
    after = Signal(local.mean, _bounded(local.second), min(overlap, local.second), s.units)
    return Pass(step, s, after, log_of(local.slope_second), local, alike)


def _norm(step: Norm, s: Signal) -> Pass:
    if step.over == "square":
        variance, centre, lost = s.second, 0.0, 1.0
    elif step.over == "units":
        variance, centre, lost = s.variance, s.mean**2, 2.0
    else:
        variance, centre, lost = max(s.second - s.overlap, 0.0), s.overlap, 2.0
    kept = max(1.0 - lost / step.size, 0.0) if step.size > 0.0 else 0.0
    own = variance + _EPSILON
    square, shift = step.gamma**2, step.beta**2
    second = square * (variance / own) + shift
    overlap = square * max(s.overlap - centre, 0.0) / own + shift
    mean = step.beta + (step.gamma * s.mean / math.sqrt(own) if step.over == "square" else 0.0)
    after = Signal(mean, _bounded(second), min(overlap, second), s.units)
    return Pass(step, s, after, log_of(square * kept / own))


def _dropout(step: Dropout, s: Signal) -> Pass:
    kept = 1.0 - step.rate
    if kept <= 0.0:
        return Pass(step, s, Signal(0.0, TINY, 0.0, s.units), -math.inf)
    if not step.alpha:
        after = replace(s, second=s.second / kept)
        return Pass(step, s, after, -math.log(kept))
    fill = _ALPHA_FILL
    scale = (kept * (1.0 + step.rate * fill * fill)) ** -0.5
    shift = -scale * fill * step.rate
    mean = scale * (kept * s.mean + step.rate * fill)
    second = scale**2 * (kept * s.second + step.rate * fill * fill) + 2.0 * shift * mean + shift**2
    overlap = scale**2 * (
        kept**2 * s.overlap + 2.0 * kept * step.rate * fill * s.mean + (step.rate * fill) ** 2
    )
    overlap += 2.0 * shift * mean + shift**2
    after = Signal(mean + shift, _bounded(second), overlap, s.units)
    return Pass(step, s, after, log_of(scale * scale * kept))


def _pool(step: Pool, s: Signal) -> Pass:
    if step.how == "mean":
        second = s.second / step.count + (1.0 - 1.0 / step.count) * s.overlap
        return Pass(step, s, replace(s, second=_bounded(second)), -log_of(step.count))
    height, width = _largest(step.count)
    shared = max(s.overlap - s.mean**2, 0.0)
    own = max(s.variance - shared, 0.0)
    mean = s.mean + math.sqrt(own) * height
    second = mean * mean + shared + own * width
    return Pass(step, s, Signal(mean, _bounded(second), mean * mean + shared, s.units), 0.0)


@lru_cache(maxsize=64)
def _largest(count: float) -> tuple[float, float]:
    """Return mean and variance of the largest of so many N(0, 1), by the midpoint rule."""
    first = square = 0.0
    width = 2.0 * _REACH / _CELLS
    for cell in range(_CELLS):
        x = -_REACH + (cell + 0.5) * width
        below = 0.5 * math.erfc(-x / math.sqrt(2.0))
        mass = count * below ** (count - 1.0) * math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        first += mass * x * width
        square += mass * x * x * width
    return first, square - first * first


def _parallel(step: Parallel, s: Signal) -> Pass:
    run = [forward(arm, s) for arm in step.arms]
    ends = [end for _, end in run]
    if step.how == "add":
        mean = math.fsum(end.mean for end in ends)
        cross = mean * mean - math.fsum(end.mean**2 for end in ends)
        second = math.fsum(end.second for end in ends) + cross
        overlap = math.fsum(end.overlap for end in ends) + cross
        after = Signal(mean, _bounded(second), overlap, ends[0].units)
    elif step.how == "multiply":
        after = Signal(
            math.prod(end.mean for end in ends),
            _bounded(math.prod(end.second for end in ends)),
            math.prod(end.overlap for end in ends),
            max(end.units for end in ends),
        )
    else:
        units = math.fsum(end.units for end in ends)
        after = Signal(
            math.fsum(end.units * end.mean for end in ends) / units,
            math.fsum(end.units * end.second for end in ends) / units,
            math.fsum(end.units * end.overlap for end in ends) / units,
            units,
        )
    return Pass(step, s, after, 0.0, arms=tuple(passes for passes, _ in run))


def _correlation(s: Signal) -> float:
    if s.variance <= 0.0:
        return 1.0
    return min(max((s.overlap - s.mean**2) / s.variance, 0.0), 1.0)


def _bounded(x: float) -> float:
    return min(max(x, TINY), _HUGE)


def log_of(x: float) -> float:
    """Return ln x, -inf for what is not positive."""
    return math.log(x) if x > 0.0 else -math.inf
