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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Final

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
# Where exp(-|z|) has left double precision, and with it the difference from the asymptote.
_EXP_REACH: Final = 40.0
_TANH_REACH: Final = 20.0  # tanh runs on exp(-2|z|)
_ERF_REACH: Final = 9.0  # the Gaussian tail falls below 1e-18
_SOFTSIGN_REACH: Final = 1e150  # its tail is algebraic: it never becomes a line

_SELU_ALPHA: Final = 1.6732632423543772
_SELU_SCALE: Final = 1.0507009873554805
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

_Function = Callable[[float], tuple[float, float]]


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


@dataclass(frozen=True, slots=True)
class _Piece:
    """phi on (low, high]: a line intercept + slope z, or ``curve`` returning (phi, phi')."""

    low: float
    high: float
    intercept: float = 0.0
    slope: float = 0.0
    curve: _Function | None = None
    scale: float = 1.0  # over which the curve bends, in z: half the way to its nearest pole

    def at(self, z: float) -> tuple[float, float]:
        """Return phi(z) and phi'(z)."""
        if self.curve is not None:
            return self.curve(z)
        return self.intercept + self.slope * z, self.slope


def is_known(name: str) -> bool:
    """Say whether ``moments`` knows an activation of this name."""
    return name in _BUILDERS


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
    pieces = _pieces(activation)
    if std <= _POINT * abs(mean):
        value, slope = next(piece for piece in pieces if mean <= piece.high).at(mean)
        return _point(value, slope)
    totals = [0.0] * 10
    for piece in pieces:
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
    totals: list[float], piece: _Piece, mean: float, std: float, low: float, high: float
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


def _add_curve(totals: list[float], piece: _Piece, mean: float, std: float) -> None:
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


def _panels(piece: _Piece, mean: float, std: float) -> Iterator[tuple[float, float]]:
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


# --- the functions: each returns phi(z) and phi'(z) -------------------------------------------


def _logistic(z: float) -> float:
    if z >= 0.0:
        return 1.0 / (1.0 + math.exp(-z))
    power = math.exp(z)
    return power / (1.0 + power)


def _sigmoid(z: float) -> tuple[float, float]:
    return _logistic(z), _logistic(z) * _logistic(-z)


def _tanh(z: float) -> tuple[float, float]:
    cosh = math.cosh(z)
    return math.tanh(z), 1.0 / (cosh * cosh)


def _tanhshrink(z: float) -> tuple[float, float]:
    value = math.tanh(z)
    return z - value, value * value


def _gelu(z: float) -> tuple[float, float]:
    mass = 0.5 * math.erfc(-z / _SQRT_2)
    return z * mass, mass + z * math.exp(-0.5 * z * z) / _SQRT_2_PI


def _gelu_tanh(z: float) -> tuple[float, float]:
    # Hendrycks and Gimpel 2016, arXiv 1606.08415, section 2.
    root, cubic = math.sqrt(2.0 / math.pi), 0.044715
    gate = _logistic(2.0 * root * (z + cubic * z**3))
    other = _logistic(-2.0 * root * (z + cubic * z**3))
    return z * gate, gate + z * gate * other * 2.0 * root * (1.0 + 3.0 * cubic * z * z)


def _silu(z: float) -> tuple[float, float]:
    gate = _logistic(z)
    return z * gate, gate + z * gate * _logistic(-z)


def _mish(z: float) -> tuple[float, float]:
    gate = math.tanh(_softplus(z, 1.0)[0])
    return z * gate, gate + z * (1.0 - gate * gate) * _logistic(z)


def _softplus(z: float, beta: float) -> tuple[float, float]:
    y = beta * z
    return (max(y, 0.0) + math.log1p(math.exp(-abs(y)))) / beta, _logistic(y)


def _logsigmoid(z: float) -> tuple[float, float]:
    return -_softplus(-z, 1.0)[0], _logistic(-z)


def _softsign(z: float) -> tuple[float, float]:
    size = 1.0 + abs(z)
    return z / size, 1.0 / size / size


def _hardswish(z: float) -> tuple[float, float]:
    return z * (z + 3.0) / 6.0, (2.0 * z + 3.0) / 6.0


def _exponential(z: float, height: float, rate: float) -> tuple[float, float]:
    return height * math.expm1(rate * z), height * rate * math.exp(rate * z)


# --- the pieces: _Line is (high end, intercept, slope), from minus infinity on ----------------

_Line = tuple[float, float, float]
_IDENTITY: Final[_Line] = (math.inf, 0.0, 1.0)
_NOTHING: Final[_Line] = (math.inf, 0.0, 0.0)


def _lines(*lines: _Line) -> tuple[_Piece, ...]:
    lows = (-math.inf, *(high for high, _, _ in lines))
    return tuple(
        _Piece(low, *line) for low, line in zip(lows, lines, strict=False) if low < line[0]
    )


def _between(
    left: _Line,
    curve: _Function,
    right: _Line,
    reach: float,
    scale: float = 1.0,
    kink: bool = False,
) -> tuple[_Piece, ...]:
    """Return a curve on (-reach, reach] that runs into a line on either side."""
    ends = (-reach, 0.0, reach) if kink else (-reach, reach)
    middle = (_Piece(low, high, curve=curve, scale=scale) for low, high in pairwise(ends))
    return (
        _Piece(-math.inf, -reach, left[1], left[2]),
        *middle,
        _Piece(reach, math.inf, right[1], right[2]),
    )


def _leaky(slope: float = 0.01) -> tuple[_Piece, ...]:
    return _lines((0.0, 0.0, slope), _IDENTITY)


def _elu_like(height: float, rate: float, scale: float = 1.0) -> tuple[_Piece, ...]:
    """Return scale * (z for z > 0, height (exp(rate z) - 1) below)."""
    reach = _EXP_REACH / rate
    curve = partial(_exponential, height=scale * height, rate=rate)
    return (
        _Piece(-math.inf, -reach, -scale * height),
        _Piece(-reach, 0.0, curve=curve, scale=1.0 / rate),
        _Piece(0.0, math.inf, 0.0, scale),
    )


def _elu(alpha: float = 1.0) -> tuple[_Piece, ...]:
    return _elu_like(alpha, 1.0)


def _celu(alpha: float = 1.0) -> tuple[_Piece, ...]:
    return _elu_like(alpha, 1.0 / alpha)


def _softplus_pieces(beta: float = 1.0, _threshold: float = 20.0) -> tuple[_Piece, ...]:
    # torch's threshold switches to the line at beta z > 20: a change of 2e-9, ignored.
    return _between(
        _NOTHING,
        partial(_softplus, beta=beta),
        _IDENTITY,
        _EXP_REACH / beta,
        2.0 / beta,
    )


def _hardtanh(low: float = -1.0, high: float = 1.0) -> tuple[_Piece, ...]:
    return _lines((low, low, 0.0), (high, 0.0, 1.0), (math.inf, high, 0.0))


def _hardsigmoid() -> tuple[_Piece, ...]:
    return _lines((-3.0, 0.0, 0.0), (3.0, 0.5, 1.0 / 6.0), (math.inf, 1.0, 0.0))


def _softshrink(lambd: float = 0.5) -> tuple[_Piece, ...]:
    return _lines((-lambd, lambd, 1.0), (lambd, 0.0, 0.0), (math.inf, -lambd, 1.0))


def _hardshrink(lambd: float = 0.5) -> tuple[_Piece, ...]:
    # Autograd does not see the jumps, and neither does a slope here.
    return _lines((-lambd, 0.0, 1.0), (lambd, 0.0, 0.0), _IDENTITY)


_BUILDERS: Final[dict[str, Callable[..., tuple[_Piece, ...]]]] = {
    "celu": _celu,
    "elu": _elu,
    "gelu": lambda: _between(_NOTHING, _gelu, _IDENTITY, _ERF_REACH),
    "gelu_tanh": lambda: _between(_NOTHING, _gelu_tanh, _IDENTITY, _ERF_REACH),
    "hardshrink": _hardshrink,
    "hardsigmoid": _hardsigmoid,
    "hardswish": lambda: _between(_NOTHING, _hardswish, _IDENTITY, 3.0),
    "hardtanh": _hardtanh,
    "identity": lambda: _lines(_IDENTITY),
    "leaky_relu": _leaky,
    "logsigmoid": lambda: _between(_IDENTITY, _logsigmoid, _NOTHING, _EXP_REACH, 2.0),
    "mish": lambda: _between(_NOTHING, _mish, _IDENTITY, _EXP_REACH),
    "prelu": lambda slope=0.25: _leaky(slope),
    "relu": lambda: _lines((0.0, 0.0, 0.0), _IDENTITY),
    "relu6": lambda: _hardtanh(0.0, 6.0),
    "selu": lambda: _elu_like(_SELU_ALPHA, 1.0, _SELU_SCALE),
    "sigmoid": lambda: _between(_NOTHING, _sigmoid, (math.inf, 1.0, 0.0), _EXP_REACH, 2.0),
    "silu": lambda: _between(_NOTHING, _silu, _IDENTITY, _EXP_REACH, 2.0),
    "softplus": _softplus_pieces,
    "softshrink": _softshrink,
    "softsign": lambda: _between(
        (math.inf, -1.0, 0.0), _softsign, (math.inf, 1.0, 0.0), _SOFTSIGN_REACH, kink=True
    ),
    "tanh": lambda: _between((math.inf, -1.0, 0.0), _tanh, (math.inf, 1.0, 0.0), _TANH_REACH),
    "tanhshrink": lambda: _between(
        (math.inf, 1.0, 1.0), _tanhshrink, (math.inf, -1.0, 1.0), _TANH_REACH
    ),
}


@lru_cache(maxsize=256)
def _pieces(activation: Activation) -> tuple[_Piece, ...]:
    """Return the activation's pieces, in order, from minus to plus infinity.

    Raises:
        ValueError: the name is unknown or the parameters do not fit it.
    """
    builder = _BUILDERS.get(activation.name)
    if builder is None:
        raise ValueError(f"unknown activation {activation.name!r}")
    try:
        return builder(*activation.params)
    except (TypeError, ZeroDivisionError):
        raise ValueError(f"{activation.name} does not take {activation.params}") from None
