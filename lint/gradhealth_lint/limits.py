"""Every threshold of the linter: value, unit, reason, source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

#: Keys of a limit's description, in ``dataclasses.Field.metadata``.
UNIT: Final = "unit"
REASON: Final = "reason"
SOURCE: Final = "source"


def _limit(value: Any, *, unit: str, reason: str, source: str) -> Any:
    return dataclasses.field(default=value, metadata={UNIT: unit, REASON: reason, SOURCE: source})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the rules hold their numbers against, and what is assumed where source is silent."""

    saturating_total_gain: float = _limit(
        1e-4,
        unit="gradient at the stack's input, in multiples of that at its output (L2 norms)",
        reason=(
            "The runtime's vanishing_share: no chain of docs/symptoms.md below it trains with SGD. "
            "Five default-initialised sigmoid layers reach it, a two-layer tanh policy is three "
            "decades away."
        ),
        source="pytest_gradhealth.limits.Limits.vanishing_share",
    )
    exploding_total_gain: float = _limit(
        1e3,
        unit="gradient at the stack's input, in multiples of that at its output (L2 norms)",
        reason=(
            "He's init for ReLU and Xavier's for tanh stay within a factor of 10 of 1; at 1e3 "
            "an update of ordinary relative size 1e-3 is as large as the weight itself."
        ),
        source="the update-to-weight ratio of 1e-3: Karpathy, CS231n notes, Learning",
    )
    init_mean_over_std: float = _limit(
        1.0,
        unit="|mean| of the weights, in multiples of their standard deviation",
        reason=(
            "Below it the random part of a weight outweighs its common part, as the mean-field "
            "theory of initialisation assumes; a mean of zero is what every scheme prescribes."
        ),
        source="Glorot and Bengio (2010); He et al. (2015): all schemes are centred",
    )
    init_coherent_gain: float = _limit(
        1.2,
        unit="fan_in * |mean|: what one layer multiplies the mean of its inputs by",
        reason=(
            "Twenty layers of 1.2 multiply by 38; at or under 1 the common direction does not "
            "grow, so a large ratio of mean to spread has no consequence."
        ),
        source="theory.py: the coherent part of the recursion",
    )
    assumed_fan_in: int = _limit(
        8,
        unit="inputs of a Linear or Conv whose size the source does not tell",
        reason=(
            "An init function says isinstance(m, nn.Linear) and no sizes. Fewer inputs than 8 are "
            "rare: the smallest ordinary convolution has 9 a channel."
        ),
        source="nn.Conv2d(1, c, 3): fan_in 9",
    )
    assumed_depth: int = _limit(
        4,
        unit="repeats of a block whose count the source does not tell",
        reason=(
            "Small on purpose: four default sigmoid layers keep 4e-4 of the gradient, which no "
            "rule reports, so an unknown depth alone never makes a finding."
        ),
        source="the limit saturating_total_gain",
    )
    assumed_width: int = _limit(
        128,
        unit="units of a layer whose width the source does not tell",
        reason=(
            "Initialisations scaled by the fan give a gain that hardly depends on the width; the "
            "others are not predicted without it."
        ),
        source="theory.py: the fan cancels against the variance",
    )
    smallest_stack: int = _limit(
        2,
        unit="affine layers",
        reason="A single layer has no depth to normalise by.",
        source="a gain per layer is a mean over layers",
    )
