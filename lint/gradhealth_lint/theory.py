"""How much a stack of affine layers shrinks or grows the gradient: mean-field theory.

The signal goes forward as Gaussian preactivations whose mean and variance over units follow a
recursion; the gradient goes back multiplied, per layer, by chi = fan_in Var(w) E[phi'^2]
(Poole et al. 2016, arXiv 1606.05340, section 2; Schoenholz et al. 2017, arXiv 1611.01232,
section 4). Four things are added, each because measurement asked for it:

* Weights with a mean. Their common part moves all units together, so the gradient grows a
  coherent part, alpha in every unit, and from it one along the activations, beta a_j (the weights
  into a unit and its slope depend on each other). Without beta Euler's theorem for ReLU, g a
  the same at every depth, would not hold.
* The gradient along the activations themselves follows the forward map of scales. Where that is
  unstable (GELU with He's gain) it outgrows the rest.
* Samples differ. Where the gain hangs on the sample's size or sign, the few samples with the
  steepest path carry the batch's gradient: a few typical samples are followed.
* Width is finite. A product of random factors typically lies below its mean, by half the
  variance of its logarithm: 5/width per ReLU layer for one gradient (Hanin and Nica 2018, arXiv
  1812.05994, theorem 1). A batch averages over its gradients as long as they point different
  ways, so their overlap is followed too: near 1/width at the output, growing to 1 with depth
  where the samples' signals align, and staying small where chaos drives them apart.

All gains are ratios of L2 norms of gradients, so the loss's scale and reduction do not matter.
Pure Python, no numpy and no torch: the linter runs without them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gradhealth_lint.activations import Activation, Moments, moments
from gradhealth_lint.fluctuations import BATCH, Spread, log_shift, rarity
from gradhealth_lint.initializers import Distribution

# Typical samples where weights have a mean: with fewer, those near 0 that carry a saturating
# network's gradient are missed.
_QUANTILES: Final = 64
# Gauss-Hermite with 3 points (Abramowitz and Stegun, table 25.10), for a standard normal.
_NORMAL_RULE: Final = ((0.0, 2.0 / 3.0), (math.sqrt(3.0), 1.0 / 6.0), (-math.sqrt(3.0), 1.0 / 6.0))
# Moments are asked for at this many digits, so that a stack at its fixed point asks once.
_DIGITS: Final = 6
# Keep squares of signals in a double's range; a gain does not hang on so extreme a scale.
_MIN_VARIANCE: Final = 1e-280
_MAX_VARIANCE: Final = 1e280
# Below this mean squared slope no gradient passes: its square would leave a double's range.
_MIN_SLOPE: Final = 1e-150
# Below this share the curved part of an activation's kernel is rounding.
_LINEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Layer:
    """An affine map with weight (fan_out, fan_in) and bias (fan_out,), then its activation."""

    fan_in: int
    fan_out: int
    weight: Distribution
    bias: Distribution
    activation: Activation


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a stack does to a random gradient at its output, as one seed typically shows.

    Attributes:
        gains: per layer, forward order: the L2 norm of the gradient at the layer's input, in
            multiples of that at its output (after the activation). 0 where no gradient passes.
        gain_per_layer: their geometric mean.
        total_gain: their product; inf or 0 beyond the range of a double.
        activation_rms: root mean square over batch and units after each layer's activation.
    """

    gains: tuple[float, ...]
    gain_per_layer: float
    total_gain: float
    activation_rms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Signal:
    """What a sample's units look like after some layer (or at the input).

    Attributes:
        mean: over units.
        second: mean square over units.
        overlap: mean over units of the product with another, independent sample.
    """

    mean: float
    second: float
    overlap: float


@dataclass(frozen=True, slots=True)
class _Step:
    """One layer as one sample passes it.

    Attributes:
        before: the signal at the layer's input.
        after: the signal after the activation.
        variance: of the preactivation, over units.
        moments: of the activation there.
        alike: how alike two samples' slopes are: 0 independent, 1 equal.
    """

    layer: Layer
    before: _Signal
    after: _Signal
    variance: float
    moments: Moments
    alike: float


def predict(
    layers: Sequence[Layer], *, input_mean: float = 0.0, input_variance: float = 1.0
) -> Prediction:
    """Predict how a stack scales the gradient and its activations.

    The input has independent entries of the given mean and variance, the gradient at the output
    independent normal entries. ``layers`` are in forward order, each one's fan_in the fan_out
    before it.

    Raises:
        ValueError: no layers, a fan below 1, or an activation that ``is_known`` denies.
    """
    if not layers:
        raise ValueError("a stack has at least one layer")
    if any(min(layer.fan_in, layer.fan_out) < 1 for layer in layers):
        raise ValueError("a layer has at least one input and one output")
    coherent = any(layer.weight.mean != 0.0 for layer in layers)
    paths, weights = [], []
    for signal, weight in _inputs(layers[0].fan_in, input_mean, input_variance, coherent):
        paths.append(_forward(layers, signal))
        weights.append(weight)
    logs = [_backward(path, BATCH * weight) for path, weight in zip(paths, weights, strict=True)]
    depth = len(layers)
    # log of the batch's squared gradient norm below each layer, relative to the output's
    norms = [_log_mean([math.fsum(log[start:]) for log in logs], weights) for start in range(depth)]
    gains = tuple(
        _exp((below - above) / 2.0) if below > -math.inf else 0.0
        for below, above in zip(norms, (*norms[1:], 0.0), strict=True)
    )
    rms = tuple(
        math.sqrt(
            math.fsum(
                weight * path[index].after.second
                for path, weight in zip(paths, weights, strict=True)
            )
        )
        for index in range(depth)
    )
    return Prediction(gains, _exp(norms[0] / 2.0 / depth), _exp(norms[0] / 2.0), rms)


def _inputs(
    width: int, mean: float, variance: float, coherent: bool
) -> list[tuple[_Signal, float]]:
    """Return typical input samples and their weights.

    Without coherent weights a sample is its mean square, which scatters by 2 / width around its
    expectation; with them, it is foremost its mean over units, which scatters by variance / width.
    """
    expected = mean * mean + variance
    if not coherent:
        spread = math.sqrt(2.0 / width) * variance / expected if expected > 0.0 else 0.0
        return [
            (_Signal(mean, expected * math.exp(spread * (x - spread / 2.0)), mean * mean), weight)
            for x, weight in _NORMAL_RULE
        ]
    spread = math.sqrt(variance / width)
    signals = []
    for x in _quantiles():
        own = mean + spread * x
        second = own * own + variance * (1.0 - 1.0 / width)
        signals.append((_Signal(own, second, own * own), 1.0 / _QUANTILES))
    return signals


def _forward(layers: Sequence[Layer], signal: _Signal) -> list[_Step]:
    """Follow one sample through the stack."""
    steps = []
    for layer in layers:
        weight, bias = layer.weight, layer.bias
        mean = layer.fan_in * weight.mean * signal.mean + bias.mean
        power = layer.fan_in * weight.variance
        variance = power * signal.second + bias.variance
        shared = power * signal.overlap + bias.variance
        if power > 0.0 or bias.variance > 0.0:
            variance = min(max(variance, _MIN_VARIANCE), _MAX_VARIANCE)
        correlation = min(max(shared / variance, 0.0), 1.0) if variance > 0.0 else 1.0
        local = moments(layer.activation, rounded(mean), rounded(variance))
        overlap, alike = kernel(local, variance, correlation)
        after = _Signal(local.mean, min(local.second, _MAX_VARIANCE), min(overlap, _MAX_VARIANCE))
        steps.append(_Step(layer, signal, after, variance, local, alike))
        signal = after
    return steps


def kernel(local: Moments, variance: float, correlation: float) -> tuple[float, float]:
    """Return E[phi(z1) phi(z2)] and how alike phi'(z1) and phi'(z2) are, at a correlation c.

    The kernel is a power series in c with coefficients >= 0 (Hermite expansion: Daniely et al.
    2016, arXiv 1602.05897, section 4.2). Of it E[phi]^2 + c Var E[phi']^2 are exact; the rest is
    taken as one power of c, whose size and exponent give the exact value and slope at c = 1.
    """
    straight = variance * local.slope_mean**2
    curved = local.second - local.mean**2 - straight
    if curved <= _LINEAR * local.second:
        return local.mean**2 + straight * correlation, correlation
    exponent = max(variance * (local.slope_second - local.slope_mean**2) / curved, 2.0)
    alike = correlation ** (exponent - 1.0)
    return local.mean**2 + straight * correlation + curved * correlation * alike, alike


def _backward(steps: Sequence[_Step], samples: float) -> list[float]:
    """Return the log of the squared gradient norm's factor per layer, in forward order.

    The gradient at unit j is alpha + beta a_j + noise, as seen over the draws of the weights;
    ``noise`` is the summed square of the last, ``aa``, ``ab``, ``bb`` the second moments of alpha
    and beta. The sum of squares is kept at 1 by taking each factor out. ``samples`` is how many of
    a batch are like this one.
    """
    width = steps[-1].layer.fan_out
    # The share of the squared gradient along the activations; a random direction's at first.
    along = 1.0 / width
    noise, aa, ab, bb = 1.0, 0.0, 0.0, 0.0
    spread = Spread(overlap=1.0 / width, tail=2.0 / width)
    logs = []
    for step in reversed(steps):
        units, fan_in = step.layer.fan_out, step.layer.fan_in
        weight, local = step.layer.weight, step.moments
        # h = phi' g. Its sum over units meets the weights' mean, its sum against t (the
        # standardised preactivation) the weights' lean towards the activations that made z.
        passed = noise * local.slope_second + units * (
            aa * local.slope_second
            + 2.0 * ab * local.value_slope_second
            + bb * local.second_slope_second
        )
        if passed <= 0.0 or local.slope_second < _MIN_SLOPE:
            return [-math.inf] * len(steps)
        slope, value_slope = local.slope_mean, local.value_slope
        tilt, value_tilt = local.tilt, local.value_tilt
        together = aa * slope**2 + 2.0 * ab * slope * value_slope + bb * value_slope**2
        mixed = aa * slope * tilt + ab * (slope * value_tilt + value_slope * tilt)
        mixed += bb * value_slope * value_tilt
        leaning = aa * tilt**2 + 2.0 * ab * tilt * value_tilt + bb * value_tilt**2
        lean = weight.variance / math.sqrt(step.variance) if step.variance > 0.0 else 0.0
        aa = weight.mean**2 * (units * (units - 1) * together + passed)
        ab = weight.mean * lean * units**2 * mixed
        bb = lean * lean * units**2 * leaning
        noise = fan_in * weight.variance * passed
        coherent = fan_in * (aa + 2.0 * ab * step.before.mean + bb * step.before.second)
        norm = noise + max(coherent, 0.0)
        if norm <= 0.0:
            return [-math.inf] * len(steps)
        noise, aa, ab, bb = noise / norm, aa / norm, ab / norm, bb / norm
        variance = spread.through_activation(units, local, step.alike)
        variance += spread.through_weight(fan_in, units, noise, orthogonal=weight.orthogonal)
        log = math.log(norm) - log_shift(variance) - rarity(samples * units, local)
        if weight.mean == 0.0:
            along = max(along * units, 1.0) / fan_in
            excess = along * (_scale_gain(step) / norm - 1.0)
            log += math.log1p(max(excess, 0.0))
            along = (along + excess) / (1.0 + excess)
        logs.append(log)
    return logs[::-1]


def _scale_gain(step: _Step) -> float:
    """Return the factor of the squared gradient along the activations, as an equal width has it.

    It follows from d ln(second) / d ln(variance), and exceeds chi where scale runs away, as with
    He's gain for GELU: chi parallel of Roberts, Yaida and Hanin 2022, arXiv 2106.10165, chapter 5.
    """
    variance, after = step.variance, step.after.second
    if variance <= 0.0 or after <= 0.0:
        return 0.0
    stretch = math.sqrt(variance) * step.moments.value_tilt / after
    random = max(1.0 - step.layer.bias.variance / variance, 0.0)
    power = step.layer.fan_in * step.layer.weight.variance
    return stretch * stretch * random * power * after / variance


@lru_cache(maxsize=1)
def _quantiles() -> tuple[float, ...]:
    """Return the middle of each of _QUANTILES equally likely strata of a standard normal."""
    found = []
    for index in range(_QUANTILES // 2):
        tail = (index + 0.5) / _QUANTILES
        low, high = -10.0, 0.0
        for _ in range(50):
            middle = (low + high) / 2.0
            if 0.5 * math.erfc(-middle / math.sqrt(2.0)) < tail:
                low = middle
            else:
                high = middle
        found.append(low)
    return (*found, *(-x for x in reversed(found)))


def rounded(x: float) -> float:
    """Return a number with as many digits as moments are asked for."""
    return float(f"{x:.{_DIGITS}g}")


def _log_mean(logs: Sequence[float], weights: Sequence[float]) -> float:
    """Return ln of the weighted mean of exp(logs)."""
    top = max(logs)
    if top == -math.inf:
        return top
    return top + math.log(
        math.fsum(weight * math.exp(log - top) for log, weight in zip(logs, weights, strict=True))
    )


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
