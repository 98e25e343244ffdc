"""Where a fall starts, and which layer it is blamed on: arithmetic on made-up numbers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import pytest

from pytest_gradhealth.checks.onset import Onset, onset_of_fall
from pytest_gradhealth.checks.way import (
    origin_of_fade,
    origin_of_growth,
    origin_of_scale,
    way_of,
)
from pytest_gradhealth.facts import LayerRecord, ParameterRecord, Report
from pytest_gradhealth.profile import Profile, profile_of


def powers(*exponents: float) -> list[float]:
    return [10.0**e for e in exponents]


@pytest.mark.parametrize(
    ("values", "onset"),
    [
        ([], None),
        ([1.0], None),
        ([1.0, 1.0, 1.0], None),
        (powers(0, 1, 2), None),
        (powers(0, -1), Onset(0, 0, sudden=True)),
        (powers(0, 0, -6, -6), Onset(1, 1, sudden=True)),
        (powers(0, -1, -2, -3), Onset(0, 2, sudden=False)),
        (powers(0, 0, 0, -1, -2, -3, -3), Onset(2, 4, sudden=False)),
        (powers(0, -1, -2, 5, 4, 3, 2, 1), Onset(3, 6, sudden=False)),  # the longer of two
        (powers(0, 3, -3, -2, -4), Onset(1, 1, sudden=True)),
        (powers(0, -6, -6.5, -7), Onset(0, 0, sudden=True)),  # most of it in one step
        (powers(0, -3, -4, -6), Onset(0, 2, sudden=False)),  # half of it is not most
        ([1.0, 0.0], Onset(0, 0, sudden=True)),
        ([1.0, 0.0, 0.0, 0.0], Onset(0, 0, sudden=True)),
        ([0.0, 0.0], None),
    ],
)
def test_the_stretch_that_falls_most(values: list[float], onset: Onset | None) -> None:
    assert onset_of_fall(values) == onset


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_the_scale_of_the_values_does_not_matter(scale: float) -> None:
    values = [scale * value for value in powers(0, 0, -1, -2, -3)]
    assert onset_of_fall(values) == Onset(1, 3, sudden=False)


def test_what_lies_under_the_floor_counts_as_it() -> None:
    values = powers(0, -2, -4, -9, -12)
    assert onset_of_fall(values, floor=1e-4) == Onset(0, 1, sudden=False)


def test_a_slope_too_slight_to_matter_is_no_part_of_the_fall() -> None:
    """Four layers that lose a tenth each before eight that lose nine tenths each."""
    values = powers(*(-0.05 * i for i in range(5)), *(-0.2 - i for i in range(1, 9)))
    assert onset_of_fall(values) == Onset(4, 11, sudden=False)
    backward = powers(*(-float(i) for i in range(9)), *(-8 - 0.05 * i for i in range(1, 5)))
    assert onset_of_fall(backward) == Onset(0, 7, sudden=False)


def layer(index: int, of: int, gradient: float, *, weighted: bool = True) -> LayerRecord:
    return LayerRecord(
        path=f"{index}",
        call=0,
        kind="Linear" if weighted else "ReLU",
        source="net.py:1",
        shape=(4, 8),
        dtype="float32",
        weighted=weighted,
        depth=of - index,
        earliest=index == 0,
        trunk=index + 1 if index + 1 < of else None,
        reached=True,
        differentiable=True,
        activation_rms=1.0,
        gradient_norm=gradient,
    )


def chain_of(gradients: Sequence[float], weights: Sequence[float] | None = None) -> Report:
    """A plain chain with these gradients at its layers and weights of these deviations."""
    total = len(gradients)
    values = weights or [1 / math.sqrt(8)] * total
    parameters = tuple(
        ParameterRecord((f"{i}.weight",), f"{i}", True, None, (8, 8), "float32", value, 1.0)
        for i, value in enumerate(values)
    )
    layers = tuple(layer(i, total, gradient) for i, gradient in enumerate(gradients))
    return Report("Net", 1.0, "step", 0, layers, parameters, (), ())


def profiled(report: Report) -> Profile:
    profile = profile_of(report)
    assert profile is not None
    return profile


def test_the_way_runs_forward_through_every_weighted_layer() -> None:
    profile = profiled(chain_of(powers(-3, -2, -1, 0)))
    assert [r.path for r in way_of(profile, profile.best)] == ["0", "1", "2", "3"]


FADES: dict[str, tuple[list[float], list[float] | None, str, str]] = {
    "from end to end": (powers(-4, -3, -2, -1, 0), None, "0", "shrinks x0.1 per layer from 4"),
    "the first half": (powers(-4, -2, 0, 0, 0), None, "0", "per layer from 2 back"),
    "the second half": (powers(-4, -4, -4, -2, 0), None, "2", "per layer from 4 back"),
    "one tiny layer": (
        powers(-6, -6, 0, 0),
        [0.35, 0.35, 3.5e-7, 0.35],
        "2",
        "2 (Linear) alone passes on x1.0e-06",
    ),
    "something between two ordinary layers": (
        powers(-6, -6, 0, 0),
        None,
        "1",
        "between 1 (Linear) and 2 (Linear): passes on x1.0e-06, more than their weights explain",
    ),
    "down to nothing": ([0.0, 0.0, 0.0, 1.0, 1.0], None, "2", "between 2 (Linear) and 3 (Linear)"),
}


@pytest.mark.parametrize("name", FADES)
def test_where_a_fade_starts(name: str) -> None:
    gradients, weights, where, how = FADES[name]
    report = chain_of(gradients, weights)
    profile = profiled(report)
    start, told = origin_of_fade(report, profile, profile.best)
    assert (start.path, how in told) == (where, True), told


@pytest.mark.parametrize(
    ("gradients", "factor"),
    [(powers(-4, -3, -2, -1, 0), "x0.1 "), (powers(-4, -4, -4, -4, -4, -2, 0), "x0.01 ")],
)
def test_the_factor_per_layer_is_that_of_the_stretch(gradients: list[float], factor: str) -> None:
    report = chain_of(gradients)
    profile = profiled(report)
    assert factor in origin_of_fade(report, profile, profile.best)[1]


GROWTHS: dict[str, tuple[list[float], list[float] | None, str, str]] = {
    "from end to end": (powers(4, 3, 2, 1, 0), None, "0", "grows x10 per layer from 4 back to 0"),
    "in the middle": (powers(4, 4, 4, 2, 0, 0), None, "2", "back to 2"),
    "one layer": (
        powers(5, 5, 0, 0),
        [0.4, 0.4, 4e4, 0.4],
        "2",
        "2 (Linear) alone multiplies by 1.0e+05",
    ),
    "between two": (
        powers(5, 5, 0, 0),
        None,
        "1",
        "between 1 (Linear) and 2 (Linear): multiplies by 1.0e+05, more than their weights",
    ),
    "not at all": (powers(0, 0, 0), None, "0", "at 0"),
}


@pytest.mark.parametrize("name", GROWTHS)
def test_where_a_growth_starts(name: str) -> None:
    gradients, weights, where, how = GROWTHS[name]
    report = chain_of(gradients, weights)
    profile = profiled(report)
    start, told = origin_of_growth(report, profile, profile.best)
    assert (start.path, how in told) == (where, True), told


@pytest.mark.parametrize(
    ("scales", "where"),
    [
        (powers(0, 1, 2, 3), "1"),
        (powers(3, 3, 3), "0"),
        (powers(0, 0, 5, 5), "2"),
        (powers(0, -1, -2), None),
        ([1.0, 1.0, math.inf], "2"),
    ],
)
def test_where_activations_start_to_grow(scales: list[float], where: str | None) -> None:
    layers = [
        dataclasses.replace(r, activation_rms=scale)
        for r, scale in zip(chain_of(scales).layers, scales, strict=True)
    ]
    found = origin_of_scale(layers)
    assert (found and found.path) == where
