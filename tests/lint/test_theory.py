"""theory.py, activations.py and initializers.py against what is known exactly, without torch."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from itertools import pairwise
from statistics import fmean

import pytest

from gradhealth_lint import fluctuations
from gradhealth_lint.activations import Activation, Moments, is_known, moments
from gradhealth_lint.initializers import (
    ZERO,
    Distribution,
    calculate_gain,
    constant,
    default_bias,
    default_weight,
    kaiming,
    normal,
    orthogonal,
    trunc_normal,
    uniform,
    xavier,
)
from gradhealth_lint.theory import Layer, predict

SMOOTH = ["gelu", "gelu_tanh", "logsigmoid", "mish", "sigmoid", "silu", "softplus", "tanh"]
KINKED = ["celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu"]
KINKED += ["relu6", "selu", "softshrink", "softsign", "tanhshrink", "identity"]
RELU, TANH, LINE = Activation("relu"), Activation("tanh"), Activation("identity")


def stack(
    activation: Activation, weight: Distribution, width: int, depth: int, bias: Distribution = ZERO
) -> list[Layer]:
    return [Layer(width, width, weight, bias, activation)] * depth


# --- moments ---------------------------------------------------------------------------------


def test_relu_moments_are_the_half_gaussians() -> None:
    got = moments(RELU, 0.0, 4.0)
    assert got.mean == pytest.approx(2.0 / math.sqrt(2.0 * math.pi))
    assert got.second == pytest.approx(2.0)
    assert (got.slope_mean, got.slope_second, got.slope_fourth) == pytest.approx((0.5, 0.5, 0.5))


def test_identity_moments_are_the_gaussians() -> None:
    got = moments(LINE, 3.0, 4.0)
    expected = Moments(3.0, 13.0, 1.0, 1.0, 1.0, 3.0, 0.0, 2.0, 3.0, 13.0)
    for field in Moments.__dataclass_fields__:
        assert getattr(got, field) == pytest.approx(getattr(expected, field), abs=1e-12), field


def test_gelus_mean_has_a_closed_form() -> None:
    # E[z Phi(z)] = q / sqrt(2 pi (1 + q)) for z ~ N(0, q)
    for q in (1e-6, 0.5, 1.0, 30.0):
        assert moments(Activation("gelu"), 0.0, q).mean == pytest.approx(
            q / math.sqrt(2.0 * math.pi * (1.0 + q))
        )


@pytest.mark.parametrize("name", SMOOTH + KINKED)
@pytest.mark.parametrize(("mean", "variance"), [(0.2, 1.0), (-1.0, 0.3), (1.0, 25.0), (6.0, 4.0)])
def test_moments_agree_with_each_other(name: str, mean: float, variance: float) -> None:
    # Derivatives of E[f(z)] by the mean are E[f'(z)], and Stein: E[t f(z)] = std E[f'(z)].
    activation, step = Activation(name), 1e-4
    here = moments(activation, mean, variance)
    up, down = (moments(activation, mean + s * step, variance) for s in (1.0, -1.0))
    std = math.sqrt(variance)

    def close(x: float) -> object:
        return pytest.approx(x, rel=1e-4, abs=1e-5)

    assert (up.mean - down.mean) / (2.0 * step) == close(here.slope_mean)
    assert (up.second - down.second) / (2.0 * step) == close(2.0 * here.value_slope)
    bend = (up.slope_mean - down.slope_mean) / (2.0 * step)
    assert std * bend == close(here.tilt)
    bend = (up.value_slope - down.value_slope) / (2.0 * step)
    assert std * bend == close(here.value_tilt)


@pytest.mark.parametrize("name", SMOOTH + KINKED + ["hardshrink"])
def test_no_scale_is_too_large_or_too_small(name: str) -> None:
    for mean in (0.0, 1e4, -1e4, 1e300, math.inf, -math.inf):
        for variance in (0.0, 1e-300, 1.0, 1e30, math.inf):
            got = moments(Activation(name), mean, variance)
            for field in Moments.__dataclass_fields__:
                assert math.isfinite(getattr(got, field)), (field, mean, variance)
            assert got.second >= 0.0
            assert got.slope_second >= 0.0


def test_a_variance_of_zero_is_a_point() -> None:
    got = moments(TANH, 0.5, 0.0)
    slope = 1.0 - math.tanh(0.5) ** 2
    assert (got.mean, got.slope_mean, got.slope_fourth) == pytest.approx(
        (math.tanh(0.5), slope, slope**4)
    )
    assert moments(RELU, 0.0, 0.0).slope_second == 0.0  # as torch has it


def test_parameters_are_taken() -> None:
    assert moments(Activation("leaky_relu", (0.5,)), 0.0, 1.0).slope_second == pytest.approx(0.625)
    assert moments(Activation("hardtanh", (-9.0, 9.0)), 0.0, 1.0).second == pytest.approx(1.0)
    wide = moments(Activation("softplus", (50.0, 20.0)), 0.0, 1.0)
    assert wide.second == pytest.approx(0.5, abs=1e-2)
    assert moments(Activation("celu", (2.0,)), -99.0, 1.0).mean == pytest.approx(-2.0)


@pytest.mark.parametrize(
    "activation",
    [Activation("softmax"), Activation("relu", (1.0,)), Activation("celu", (0.0,))],
)
def test_what_is_not_known_is_refused(activation: Activation) -> None:
    with pytest.raises(ValueError, match=activation.name):
        moments(activation, 0.0, 1.0)


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="no Gaussian"):
        moments(RELU, math.nan, 1.0)
    with pytest.raises(ValueError, match="no Gaussian"):
        moments(RELU, 0.0, -1.0)


def test_known_names() -> None:
    assert all(map(is_known, SMOOTH + KINKED))
    assert not is_known("softmax")
    assert not is_known("ReLU")


# --- initialisers ----------------------------------------------------------------------------


def test_linears_default_is_one_third_over_fan_in() -> None:
    assert default_weight(50).variance == pytest.approx(1.0 / 150.0)
    assert default_bias(50).variance == pytest.approx(1.0 / 150.0)
    assert default_weight(50).label == "PyTorch's default"


def test_kaimings_default_gain_is_reluls_own() -> None:
    assert kaiming(50, 20).variance == pytest.approx(2.0 / 50.0)
    assert kaiming(50, 20, mode="fan_out").variance == pytest.approx(2.0 / 20.0)
    assert kaiming(50, 20, nonlinearity="tanh").variance == pytest.approx(25.0 / 9.0 / 50.0)
    with pytest.raises(ValueError, match="Mode"):
        kaiming(1, 1, mode="fan")
    with pytest.raises(ValueError, match="gelu"):
        calculate_gain("gelu")


def test_the_others() -> None:
    assert xavier(30, 10).variance == pytest.approx(0.05)
    assert uniform(0.0, 1.0).mean == 0.5
    assert uniform(-0.1, 0.1).variance == pytest.approx(0.01 / 3.0)
    assert orthogonal(30, 10, 2.0).variance == pytest.approx(4.0 / 30.0)
    assert orthogonal(30, 10).orthogonal
    assert constant(0.3) == Distribution(0.3, 0.0, label="constant 0.3")


@pytest.mark.parametrize(
    ("low", "high"), [(-2.0, 2.0), (0.0, 0.1), (5.0, 6.0), (-7.0, -5.0), (-math.inf, 1.0)]
)
def test_truncated_normals_by_the_midpoint_rule(low: float, high: float) -> None:
    got = trunc_normal(0.5, 2.0, low, high)
    start = max(low, -30.0)
    points = [start + (high - start) * (i + 0.5) / 20_000 for i in range(20_000)]
    masses = [math.exp(-0.5 * ((x - 0.5) / 2.0) ** 2) for x in points]
    mean = math.fsum(m * x for m, x in zip(masses, points, strict=True)) / math.fsum(masses)
    square = math.fsum(m * (x - mean) ** 2 for m, x in zip(masses, points, strict=True))
    assert got.mean == pytest.approx(mean, rel=1e-4)
    assert got.variance == pytest.approx(square / math.fsum(masses), rel=1e-4)


def test_truncated_beyond_all_mass() -> None:
    assert trunc_normal(0.0, 1.0, 100.0, 101.0).mean == 100.0
    assert trunc_normal(0.0, 0.0, 2.0, 3.0) == Distribution(2.0, 0.0, label="truncated N(0, 0^2)")


# --- the recursion ---------------------------------------------------------------------------


def test_the_seeds_chain() -> None:
    # 20 x (Linear(1, 1), ReLU), N(1.5, 0.1): half the samples die, the others gain 1.5 a layer.
    got = predict(stack(RELU, normal(1.5, 0.1), 1, 20))
    assert got.gain_per_layer == pytest.approx(1.5, rel=0.05)
    assert got.total_gain == pytest.approx(1.5**20 / math.sqrt(2.0), rel=0.25)
    assert 2000.0 < got.total_gain < 3500.0


def test_the_numbers_of_the_readme() -> None:
    sigmoid = stack(Activation("sigmoid"), default_weight(64), 64, 20, default_bias(64))
    assert predict(sigmoid).gain_per_layer == pytest.approx(0.143, rel=0.02)
    relu = stack(RELU, kaiming(256, 256), 256, 20)
    assert predict(relu).total_gain == pytest.approx(1.0, rel=0.1)


def test_a_width_of_one_is_a_product_of_slopes() -> None:
    layers = stack(TANH, constant(1.0), 1, 3)
    got = predict(layers, input_mean=0.3, input_variance=0.0)
    x, product = 0.3, 1.0
    for _ in range(3):
        x = math.tanh(x)
        product *= 1.0 - x * x
    assert got.total_gain == pytest.approx(product, rel=1e-4)
    assert got.activation_rms[-1] == pytest.approx(x, rel=1e-4)


@pytest.mark.parametrize("width", [2, 16, 100])
def test_equal_weights_have_rank_one(width: int) -> None:
    # A layer multiplies the coherent part by width c; a random gradient has 1 / width of it.
    got = predict(stack(LINE, constant(0.3), width, 7))
    assert got.total_gain == pytest.approx((0.3 * width) ** 7 / math.sqrt(width), rel=1e-6)
    assert got.gains[0] == pytest.approx(0.3 * width)
    assert got.gains[-1] == pytest.approx(0.3 * math.sqrt(width))


def test_orthogonal_lines_keep_every_length() -> None:
    got = predict(stack(LINE, orthogonal(32, 32, 1.5), 32, 10))
    assert got.total_gain == pytest.approx(1.5**10)
    assert got.activation_rms[-1] == pytest.approx(1.5**10, rel=1e-4)
    down = predict([Layer(64, 16, orthogonal(64, 16), ZERO, LINE)])
    assert down.total_gain == pytest.approx(1.0)
    up = predict([Layer(16, 64, orthogonal(16, 64), ZERO, LINE)])
    assert up.total_gain == pytest.approx(0.5, rel=0.01)


def test_widths_are_neutral_under_fan_in() -> None:
    widths = [256, 512, 128, 1024]
    layers = [Layer(n, m, normal(0.0, 1.0 / math.sqrt(n)), ZERO, LINE) for n, m in pairwise(widths)]
    assert predict(layers).gains == pytest.approx((1.0, 1.0, 1.0), rel=0.01)


def test_relu_with_a_mean_keeps_eulers_theorem() -> None:
    # g a is the same at every depth, so backward gains and forward growth agree, deep inside.
    got = predict(stack(RELU, normal(0.02, 0.1), 200, 12))
    growth = got.activation_rms[8] / got.activation_rms[7]
    assert got.gains[4] == pytest.approx(growth, rel=0.02)


def test_a_typical_product_is_below_its_mean() -> None:
    # One gradient through many layers of width n: -(2 + 3)/(2 n) per layer in ln square for ReLU.
    n, depth = 16, 200
    got = predict(stack(RELU, kaiming(n, n), n, depth))
    # Far from the output, where the gradients are aligned and the signals not yet apart.
    rate = math.log(fmean(got.gains[60:140])) * 2.0
    assert rate == pytest.approx(-5.0 / (2.0 * n), rel=0.25)
    assert predict(stack(RELU, kaiming(4096, 4096), 4096, 20)).total_gain == pytest.approx(
        1.0, abs=0.01
    )


def test_gains_multiply_to_the_total() -> None:
    for weight in (default_weight(32), normal(0.0, 1.0), normal(0.05, 0.1), orthogonal(32, 32)):
        got = predict(stack(TANH, weight, 32, 9))
        assert math.prod(got.gains) == pytest.approx(got.total_gain)
        assert got.gain_per_layer**9 == pytest.approx(got.total_gain)
        assert len(got.gains) == len(got.activation_rms) == 9


def test_nothing_passes_zero_weights() -> None:
    layers = [*stack(TANH, normal(), 8, 2), *stack(TANH, ZERO, 8, 1)]
    got = predict(layers)
    assert (got.total_gain, got.gain_per_layer, got.activation_rms[-1]) == (0.0, 0.0, 0.0)
    assert predict(layers[::-1]).total_gain == 0.0


def test_an_absurd_stack_overflows_to_infinity() -> None:
    got = predict(stack(RELU, normal(0.0, 1.0), 4096, 400))
    assert got.total_gain == math.inf
    assert got.gain_per_layer == pytest.approx(math.sqrt(2048.0), rel=0.01)
    assert all(map(math.isfinite, got.activation_rms))
    assert predict(stack(RELU, normal(0.0, 1e-6), 16, 400)).total_gain == 0.0


@pytest.mark.parametrize("name", SMOOTH + KINKED)
@pytest.mark.parametrize("weight", [normal(), normal(1.5, 0.1), constant(3.0), normal(0.0, 1e-9)])
def test_every_stack_has_a_number(name: str, weight: Distribution) -> None:
    got = predict(stack(Activation(name), weight, 8, 5), input_mean=2.0, input_variance=100.0)
    assert not math.isnan(got.total_gain)
    assert all(gain >= 0.0 for gain in got.gains)


def test_an_input_of_zero() -> None:
    for weight in (normal(), normal(1.0, 1.0)):
        got = predict(stack(TANH, weight, 8, 3), input_variance=0.0)
        assert math.isfinite(got.total_gain)


def test_what_is_no_stack_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        predict([])
    with pytest.raises(ValueError, match="at least one input"):
        predict([Layer(0, 4, ZERO, ZERO, RELU)])


def test_the_tail_shares_are_those_of_log_normal_numbers() -> None:
    rng = random.Random(0)
    for variance, share in fluctuations.TAIL_SHARES[1:8]:
        std = math.sqrt(variance)
        found = []
        for _ in range(400):
            xs = [math.exp(rng.gauss(0.0, std)) for _ in range(fluctuations.BATCH)]
            found.append(math.fsum(x * x for x in xs) / math.fsum(xs) ** 2)
        assert fmean(found) == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize(("variance", "expected"), [(2.0, 1.270363), (1.0, 0.577216), (1e-6, 5e-7)])
def test_the_log_of_chi_squared(variance: float, expected: float) -> None:
    # chi-squared with 1 and with 2 degrees of freedom: ln 2 + gamma, and gamma.
    assert fluctuations.log_shift(variance) == pytest.approx(expected, rel=1e-4)


def test_no_array_library_is_imported() -> None:
    code = (
        "import sys, gradhealth_lint.theory; print({'numpy', 'torch', 'libcst'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "set()"
