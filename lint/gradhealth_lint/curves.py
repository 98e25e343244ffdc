"""Activation functions as chains of pieces: straight lines, and curves with their slopes.

Where an activation is a line to the last digit of a double it is said to be one, so that integrals
over it have a closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Final

# Where exp(-|z|) has left double precision, and with it the difference from the asymptote.
_EXP_REACH: Final = 40.0
_TANH_REACH: Final = 20.0  # tanh runs on exp(-2|z|)
_ERF_REACH: Final = 9.0  # the Gaussian tail falls below 1e-18
_SOFTSIGN_REACH: Final = 1e150  # its tail is algebraic: it never becomes a line

_SELU_ALPHA: Final = 1.6732632423543772
_SELU_SCALE: Final = 1.0507009873554805
_SQRT_2: Final = math.sqrt(2.0)
_SQRT_2_PI: Final = math.sqrt(2.0 * math.pi)

#: Returns phi(z) and phi'(z).
_Function = Callable[[float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Piece:
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


def _lines(*lines: _Line) -> tuple[Piece, ...]:
    lows = (-math.inf, *(high for high, _, _ in lines))
    return tuple(Piece(low, *line) for low, line in zip(lows, lines, strict=False) if low < line[0])


def _between(
    left: _Line,
    curve: _Function,
    right: _Line,
    reach: float,
    scale: float = 1.0,
    kink: bool = False,
) -> tuple[Piece, ...]:
    """Return a curve on (-reach, reach] that runs into a line on either side."""
    ends = (-reach, 0.0, reach) if kink else (-reach, reach)
    middle = (Piece(low, high, curve=curve, scale=scale) for low, high in pairwise(ends))
    return (
        Piece(-math.inf, -reach, left[1], left[2]),
        *middle,
        Piece(reach, math.inf, right[1], right[2]),
    )


def _leaky(slope: float = 0.01) -> tuple[Piece, ...]:
    return _lines((0.0, 0.0, slope), _IDENTITY)


def _elu_like(height: float, rate: float, scale: float = 1.0) -> tuple[Piece, ...]:
    """Return scale * (z for z > 0, height (exp(rate z) - 1) below)."""
    reach = _EXP_REACH / rate
    curve = partial(_exponential, height=scale * height, rate=rate)
    return (
        Piece(-math.inf, -reach, -scale * height),
        Piece(-reach, 0.0, curve=curve, scale=1.0 / rate),
        Piece(0.0, math.inf, 0.0, scale),
    )


def _elu(alpha: float = 1.0) -> tuple[Piece, ...]:
    return _elu_like(alpha, 1.0)


def _celu(alpha: float = 1.0) -> tuple[Piece, ...]:
    return _elu_like(alpha, 1.0 / alpha)


def _softplus_pieces(beta: float = 1.0, _threshold: float = 20.0) -> tuple[Piece, ...]:
    # torch's threshold switches to the line at beta z > 20: a change of 2e-9, ignored.
    return _between(
        _NOTHING,
        partial(_softplus, beta=beta),
        _IDENTITY,
        _EXP_REACH / beta,
        2.0 / beta,
    )


def _hardtanh(low: float = -1.0, high: float = 1.0) -> tuple[Piece, ...]:
    return _lines((low, low, 0.0), (high, 0.0, 1.0), (math.inf, high, 0.0))


def _hardsigmoid() -> tuple[Piece, ...]:
    return _lines((-3.0, 0.0, 0.0), (3.0, 0.5, 1.0 / 6.0), (math.inf, 1.0, 0.0))


def _softshrink(lambd: float = 0.5) -> tuple[Piece, ...]:
    return _lines((-lambd, lambd, 1.0), (lambd, 0.0, 0.0), (math.inf, -lambd, 1.0))


def _hardshrink(lambd: float = 0.5) -> tuple[Piece, ...]:
    # Autograd does not see the jumps, and neither does a slope here.
    return _lines((-lambd, 0.0, 1.0), (lambd, 0.0, 0.0), _IDENTITY)


_BUILDERS: Final[dict[str, Callable[..., tuple[Piece, ...]]]] = {
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
    # A random slope has the root mean square of its interval.
    "rrelu": lambda a=1 / 8, b=1 / 3: _leaky(math.sqrt((a * a + a * b + b * b) / 3.0)),
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
    "threshold": lambda at=0.0, value=0.0: _lines((at, value, 0.0), _IDENTITY),
}


def is_known(name: str) -> bool:
    """Say whether there is an activation of this name."""
    return name in _BUILDERS


@lru_cache(maxsize=256)
def pieces(name: str, params: tuple[float, ...]) -> tuple[Piece, ...]:
    """Return the activation's pieces, in order, from minus to plus infinity.

    Raises:
        ValueError: the name is unknown or the parameters do not fit it.
    """
    builder = _BUILDERS.get(name)
    if builder is None:
        raise ValueError(f"unknown activation {name!r}")
    try:
        return builder(*params)
    except (TypeError, ZeroDivisionError):
        raise ValueError(f"{name} does not take {params}") from None
