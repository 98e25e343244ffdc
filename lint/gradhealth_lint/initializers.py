"""The distributions that torch.nn.init and nn.Linear draw weights and biases from.

Mean-field theory needs two numbers of an initialiser, the mean and the variance of one entry, and
whether the matrix as a whole is orthogonal. Formulas and default arguments are those of
``torch.nn.init`` (read in torch 2.13); ``tests/lint/test_theory_measured.py`` compares each
with torch. All numbers are in the weight's own unit and none depends on the loss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# torch.nn.init.calculate_gain: what each nonlinearity's name stands for.
_UNIT_GAIN = frozenset(
    {
        "linear",
        "sigmoid",
        *(f"conv{n}d" for n in (1, 2, 3)),
        *(f"conv_transpose{n}d" for n in (1, 2, 3)),
    }
)
_TANH_GAIN = 5.0 / 3.0
_SELU_GAIN = 3.0 / 4.0
_LEAKY_SLOPE = 0.01  # calculate_gain's own default; the kaiming functions pass a=0 instead
_DENSITY_REACH = 40.0
_LINEAR_A = math.sqrt(5.0)  # nn.Linear.reset_parameters: kaiming_uniform_(a=sqrt(5))


@dataclass(frozen=True, slots=True)
class Distribution:
    """One entry of a weight matrix (fan_out, fan_in) or of a bias vector (fan_out,).

    Attributes:
        mean: expectation of an entry.
        variance: variance of an entry.
        orthogonal: the rows (or the columns, if there are fewer) are orthonormal up to a scale.
        label: how a message names it, such as "PyTorch's default".
    """

    mean: float
    variance: float
    orthogonal: bool = False
    label: str = ""


ZERO = Distribution(0.0, 0.0, label="zero")


def default_weight(fan_in: int) -> Distribution:
    """Return what nn.Linear and the nn.ConvNd draw: U(-b, b), b = 1 / sqrt(fan_in)."""
    variance = kaiming(fan_in, fan_in, a=_LINEAR_A).variance
    return Distribution(0.0, variance, label="PyTorch's default")


def default_bias(fan_in: int) -> Distribution:
    """Return the bias that goes with it: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), 0 for no input."""
    bound = 1.0 / math.sqrt(fan_in) if fan_in > 0 else 0.0
    return Distribution(0.0, _uniform_variance(2.0 * bound), label="PyTorch's default")


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return torch.nn.init.calculate_gain(nonlinearity, param).

    Raises:
        ValueError: for a name that torch refuses too.
    """
    if nonlinearity in _UNIT_GAIN:
        return 1.0
    if nonlinearity == "tanh":
        return _TANH_GAIN
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = _LEAKY_SLOPE if param is None else param
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity == "selu":
        return _SELU_GAIN
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def kaiming(
    fan_in: int,
    fan_out: int,
    *,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> Distribution:
    """Return kaiming_normal_ or kaiming_uniform_: both have variance gain^2 / fan.

    Source: He et al. 2015, arXiv 1502.01852, section 2.2.

    Raises:
        ValueError: for a mode or a nonlinearity that torch refuses too.
    """
    fans = {"fan_in": fan_in, "fan_out": fan_out}
    fan = fans.get(mode.lower())
    if fan is None:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(fans)}")
    gain = calculate_gain(nonlinearity, a)
    return Distribution(0.0, gain * gain / max(fan, 1), label=f"kaiming ({nonlinearity})")


def xavier(fan_in: int, fan_out: int, *, gain: float = 1.0) -> Distribution:
    """Return xavier_normal_ or xavier_uniform_: both have variance 2 gain^2 / (fan_in + fan_out).

    Source: Glorot and Bengio 2010, equation 16.
    """
    return Distribution(0.0, 2.0 * gain * gain / max(fan_in + fan_out, 1), label="xavier")


def normal(mean: float = 0.0, std: float = 1.0) -> Distribution:
    """Return normal_(mean, std)."""
    return Distribution(mean, std * std, label=f"N({mean:g}, {std:g}^2)")


def uniform(a: float = 0.0, b: float = 1.0) -> Distribution:
    """Return uniform_(a, b)."""
    return Distribution((a + b) / 2.0, _uniform_variance(b - a), label=f"U({a:g}, {b:g})")


def trunc_normal(
    mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Distribution:
    """Return trunc_normal_(mean, std, a, b), a and b absolute as in torch.

    Cut far out in a tail, where the normal's mass is 0 in double precision, entries crowd at the
    nearer bound: that bound and variance 0 are returned.
    """
    label = f"truncated N({mean:g}, {std:g}^2)"
    if std <= 0.0:
        return Distribution(min(max(mean, a), b), 0.0, label=label)
    low, high = (a - mean) / std, (b - mean) / std
    # The mass from the side where both values are small keeps its digits.
    sign = -1.0 if low > 0.0 else 1.0
    mass = sign * (_normal_cdf(sign * high) - _normal_cdf(sign * low))
    if mass <= 0.0:
        return Distribution(a if low > 0.0 else b, 0.0, label=label)
    shift = (_normal_density(low) - _normal_density(high)) / mass
    spread = 1.0 + (_weighted_density(low) - _weighted_density(high)) / mass - shift * shift
    return Distribution(mean + std * shift, std * std * max(spread, 0.0), label=label)


def orthogonal(fan_in: int, fan_out: int, gain: float = 1.0) -> Distribution:
    """Return orthogonal_(gain): max(fan_in, fan_out) entries share each unit of squared norm.

    Source: Saxe et al. 2013, arXiv 1312.6120.
    """
    variance = gain * gain / max(fan_in, fan_out, 1)
    return Distribution(0.0, variance, orthogonal=True, label="orthogonal_")


def constant(value: float) -> Distribution:
    """Return constant_(value): every entry the same, so every unit the same."""
    return Distribution(value, 0.0, label=f"constant {value:g}")


def _uniform_variance(width: float) -> float:
    """Return the variance of a uniform distribution over an interval of that width."""
    return width * width / 12.0


def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def _normal_density(x: float) -> float:
    # Beyond this the density is 0 in a double, and 0 times an infinite bound is not NaN.
    return 0.0 if abs(x) > _DENSITY_REACH else math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _weighted_density(x: float) -> float:
    """Return x density(x), which is 0 at an infinite bound."""
    density = _normal_density(x)
    return x * density if density > 0.0 else 0.0
