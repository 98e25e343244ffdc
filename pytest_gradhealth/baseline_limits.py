"""Thresholds of golden profiles; ``Limits`` holds them beside those of the symptoms."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gradhealth.threshold import limit


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineLimits:
    """What ``assert_matches_baseline`` holds its numbers against."""

    baseline_factor: float = limit(
        3.0,
        unit="factor by which a layer's share of the gradient may differ from what was kept",
        reason=(
            "Another draw of the same initialisation moves a layer of an ordinary network by less; "
            "a norm taken out, an init of another scale or a sigmoid moves some layer by more."
        ),
        source="docs/baselines.md, the tables of draws and of changes",
    )
    baseline_noise: float = limit(
        2.0,
        unit="power of the largest factor between seeds that a layer may differ by as well",
        reason="Three passes show about half of the range that many would (dropout, sampling).",
        source="expected range of 3 normal draws, 1.69 deviations, against 3.73 of 20",
    )
    baseline_seeds: int = limit(
        3,
        unit="passes with different seeds that a profile is the mean of",
        reason="The fewest that show how much dropout and a random cotangent change a layer.",
        source="a convention",
    )
    baseline_floor: float = limit(
        1e-7,
        unit="share of the gradient under which two layers are alike",
        reason="What cancels out in float32 is that large; it is another number on each machine.",
        source="2^-23, float32's relative spacing (IEEE 754)",
    )
    baseline_draws: int = limit(
        4,
        unit="copies with the entries of every weight in another order, before a layer is accused",
        reason=(
            "A test that does not seed its model has other weights in each run; a layer has not "
            "changed if such copies lie about the kept profile."
        ),
        source="a permutation test's exchangeability (Good 2005, section 2.1)",
    )
    baseline_deviations: float = limit(
        3.0,
        unit="standard deviations of those copies' log shares, beside baseline_factor",
        reason="Narrow and deep networks differ tenfold from draw to draw.",
        source="docs/baselines.md, the table of draws",
    )
    baseline_certain: float = limit(
        100.0,
        unit="factor from which a change is one whatever those copies say",
        reason=(
            "The copies of a trained model are no draws of anything; two draws of an ordinary "
            "initialisation never differ that much."
        ),
        source="docs/baselines.md, the table of draws",
    )
