"""Gaussian moments of activation functions: what mean-field theory needs of phi.

A preactivation of a wide layer is Gaussian over units, z ~ N(mean, variance), so a layer's effect
on signal and gradient follows from E[phi], E[phi^2], E[phi'], E[phi'^2], E[phi'^4] and a few mixed
moments.

Every activation here is a chain of pieces: where it is a straight line, exactly or to the last
digit of a double, the integrals are partial Gaussian moments in closed form (erf); between,
quadrature follows it. A saturated layer (variance 1000) and a vanished one (variance
1e-40) are therefore equally exact. Pure Python: the linter has no numpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gradhealth_lint.curves import Piece, is_known, pieces

__all__ = ["MAX_MEAN", "MAX_VARIANCE", "Activation", "Moments", "is_known", "moments"]

# Where exp(-|z|) has left double precision, and with it the difference from the asymptote.
_EXP_REACH: Final = 40.0
# Of a line's piece, in standard deviations; quadrature takes over below it.
_NARROW: Final = 0.5

# Beyond these a moment would overflow: they keep every square below 1e300.
MAX_MEAN: Final = 1e145
MAX_VARIANCE: Final = 1e290

# N(0, 1) has less than 1e-18 of its mass beyond 9 standard deviations, so less than rounding.
_REACH: Final = 9.0
# A standard deviation below the mean's own rounding leaves no distribution to integrate over.
_POINT: Final = 1e-13
# Panel width in standard deviations. With 8 nodes the Gaussian is integrated to about 1e-9.
_PANEL_STD: Final = 2.0
# Far from the origin every phi here is smooth on the scale of |z|: panels grow with it.
_PANEL_GROWTH: Final = 0.5

_SQRT_2: Final = math.sqrt(2.0)
_SQRT_2_PI: Final = math.sqrt(2.0 * math.pi)

# Gauss-Legendre with 8 points on [-1, 1]: Abramowitz and Stegun, table 25.4.
_HALF_RULE: Final = (
    (0.1834346424956498, 0.3626837833783620),
    (0.5255324099163290, 0.3137066458778873),
    (0.7966664774136267, 0.2223810344533745),
    (0.9602898564975363, 0.1012285362903763),
)
_RULE: Final = tuple((sign * x, weight) for x, weight in _HALF_RULE for sign in (-1.0, 1.0))

# A function smooth on the scale of the Gaussian needs no panels: the trapezoidal rule converges
# exponentially (Trefethen and Weideman 2014, SIAM Review 56, section 5), here to about 1e-8.
_GRID_REACH: Final = 9.0
_GRID_STEP: Final = 0.5
_GRID_SCALE: Final = 0.7  # widest standard deviation for it, in scales of the activation
_GRID: Final = tuple(
    (t, _GRID_STEP * math.exp(-0.5 * t * t) / _SQRT_2_PI)
    for t in (
        _GRID_STEP * index
        for index in range(-round(_GRID_REACH / _GRID_STEP), round(_GRID_REACH / _GRID_STEP) + 1)
    )
)


@dataclass(frozen=True, slots=True)
class Activation:
    """An elementwise activation: its lower-case torch.nn.functional name and its parameters.

    ``params`` are the positional parameters in torch's order, such as (0.2,) for
    leaky_relu(negative_slope=0.2); those left out take torch's defaults.
    """

    name: str
    params: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Moments:
    """Expectations over z ~ N(mean, variance), in units of the activation and of its slope.

    Attributes:
        mean: E[phi(z)].
        second: E[phi(z)^2].
        slope_mean: E[phi'(z)].
        slope_second: E[phi'(z)^2].
        slope_fourth: E[phi'(z)^4].
        value_slope: E[phi phi'].
        tilt: E[t phi'], t = (z - mean) / sqrt(variance): how the slope goes with z.
        value_tilt: E[t phi phi'].
        value_slope_second: E[phi phi'^2].
        second_slope_second: E[phi^2 phi'^2].
    """

    mean: float
    second: float
    slope_mean: float
    slope_second: float
    slope_fourth: float
    value_slope: float
    tilt: float
    value_tilt: float
    value_slope_second: float
    second_slope_second: float


@lru_cache(maxsize=4096)
def moments(activation: Activation, mean: float, variance: float) -> Moments:
    """Return the moments of ``activation`` under z ~ N(mean, variance).

    Relative accuracy is about 1e-7. A variance of 0 is a point: phi and phi' there, with
    the slope from the left at a kink (torch's relu has slope 0 at 0). Arguments too large for
    a double, infinity included, are cut to MAX_MEAN and MAX_VARIANCE.

    Raises:
        ValueError: the activation is unknown, a parameter makes no sense, or an argument is NaN.
    """
    if math.isnan(mean) or math.isnan(variance) or variance < 0.0:
        raise ValueError(f"no Gaussian has mean {mean} and variance {variance}")
    mean = min(max(mean, -MAX_MEAN), MAX_MEAN)
    std = math.sqrt(min(variance, MAX_VARIANCE))
    chain = pieces(activation.name, activation.params)
    if std <= _POINT * abs(mean):
        value, slope = next(piece for piece in chain if mean <= piece.high).at(mean)
        return _point(value, slope)
    totals = [0.0] * 10
    for piece in chain:
        low, high = (piece.low - mean) / std, (piece.high - mean) / std
        if high <= -_REACH or low >= _REACH:
            continue
        # Closed forms for a strip narrow against the Gaussian would be differences of equals.
        if piece.curve is None and high - low > _NARROW:
            _add_line(totals, piece, mean, std, low, high)
        else:
            _add_curve(totals, piece, mean, std)
    return Moments(*totals)


def _point(value: float, slope: float) -> Moments:
    """Return the moments of a z that does not vary: t is 0."""
    steep = slope * slope
    square = value * value
    return Moments(
        mean=value,
        second=square,
        slope_mean=slope,
        slope_second=steep,
        slope_fourth=steep * steep,
        value_slope=value * slope,
        tilt=0.0,
        value_tilt=0.0,
        value_slope_second=value * steep,
        second_slope_second=square * steep,
    )


def _add_line(
    totals: list[float], piece: Piece, mean: float, std: float, low: float, high: float
) -> None:
    """Add the line's share: partial moments of t = (z - mean) / std over low < t <= high."""
    mass = _mass(low, high)
    first = _density(low) - _density(high)
    second = mass + _weighted_density(low) - _weighted_density(high)
    slope = piece.slope
    steep = slope * slope
    offset = piece.intercept + slope * mean
    step = slope * std
    value = offset * mass + step * first
    square = offset * offset * mass + 2.0 * offset * step * first + step * step * second
    totals[0] += value
    totals[1] += square
    totals[2] += slope * mass
    totals[3] += steep * mass
    totals[4] += steep * steep * mass
    totals[5] += slope * value
    totals[6] += slope * first
    totals[7] += slope * (offset * first + step * second)
    totals[8] += steep * value
    totals[9] += steep * square


def _add_curve(totals: list[float], piece: Piece, mean: float, std: float) -> None:
    """Add a piece's share by quadrature."""
    curve = piece.at if piece.curve is None else piece.curve
    smooth = std <= _GRID_SCALE * piece.scale
    reach = _GRID_REACH * std
    if smooth and piece.low <= mean - reach and mean + reach <= piece.high:
        nodes = _GRID
    else:
        nodes = tuple(_panels(piece, mean, std))
    for t, mass in nodes:
        value, slope = curve(mean + std * t)
        steep = slope * slope
        flow = mass * slope
        totals[0] += mass * value
        totals[1] += mass * value * value
        totals[2] += flow
        totals[3] += mass * steep
        totals[4] += mass * steep * steep
        totals[5] += flow * value
        totals[6] += flow * t
        totals[7] += flow * value * t
        totals[8] += flow * slope * value
        totals[9] += flow * slope * value * value


def _panels(piece: Piece, mean: float, std: float) -> Iterator[tuple[float, float]]:
    """Yield Gauss-Legendre nodes t = (z - mean) / std and their masses over a curved piece."""
    low = max(piece.low, mean - _REACH * std)
    end = min(piece.high, mean + _REACH * std)
    while low < end:
        width = max(_PANEL_GROWTH * abs(low), piece.scale)
        if low < 0.0:
            # Going towards the origin a panel must not jump over where phi bends.
            width = max(-low / (1.0 + 1.0 / _PANEL_GROWTH), piece.scale)
        high = min(low + min(width, _PANEL_STD * std), end)
        if high <= low:  # narrower than a double can tell apart
            return
        half, middle = (high - low) / 2.0, (high + low) / 2.0
        for x, weight in _RULE:
            t = (middle + half * x - mean) / std
            yield t, weight * half / std * math.exp(-0.5 * t * t) / _SQRT_2_PI
        low = high


def _mass(low: float, high: float) -> float:
    """Return P(low < t <= high) for t ~ N(0, 1), exact in the tails too."""
    if low > 0.0:
        low, high = -high, -low
    return 0.5 * (math.erfc(-high / _SQRT_2) - math.erfc(-low / _SQRT_2))


def _density(t: float) -> float:
    return 0.0 if abs(t) > _EXP_REACH else math.exp(-0.5 * t * t) / _SQRT_2_PI


def _weighted_density(t: float) -> float:
    """Return t density(t), which is 0 at infinity."""
    return 0.0 if abs(t) > _EXP_REACH else t * _density(t)
