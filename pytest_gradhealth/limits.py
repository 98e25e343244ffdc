"""Every threshold of the runtime: value, unit, reason, source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.threshold import REASON, SOURCE, UNIT
from pytest_gradhealth.threshold import limit as _limit
from pytest_gradhealth.training_limits import TrainingLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(TrainingLimits):
    """What the checks hold their numbers against; ``Limits.describe()`` prints all of it."""

    vanishing_share: float = _limit(
        1e-4,
        unit="share of the gradient at the last layer that reaches the earliest layers (L2 norms)",
        reason=(
            "Sigmoid chains of 5 layers and default-initialised ReLU chains of 12 fall below it "
            "and do not train with SGD; of 26 timm classifiers at random init only those with zero "
            "heads or LayerScale do, and these rise above it within the warm-up."
        ),
        source="docs/symptoms, the table of trained models",
    )
    fading_share: float = _limit(
        1e-2,
        unit="share left without the largest single drop, under which one tower of several fades",
        reason=(
            "Where another way in gets its gradient, one tower is accused only if it fades layer "
            "by layer: a single factor, such as LayerScale's 1e-6, is there on purpose. A network "
            "that fades layer by layer must rise above it in the warm-up, not just over "
            "vanishing_share: 20 layers of tanh do the one and never learn. Between the two a "
            "network fails that learns nothing in learning_steps."
        ),
        source="the square root of vanishing_share: half of its decades",
    )
    warmup_steps: int = _limit(
        10,
        unit="Adam steps on the batch before a suspicion is measured again",
        reason="Zero-initialised branches wake up in one or two steps; a dead stack stays dead.",
        source="docs/symptoms, the table of trained models",
    )
    warmup_learning_rate: float = _limit(
        1e-3,
        unit="Adam learning rate of the warm-up",
        reason="The optimizer's own default; larger rates destroy models that train well with it.",
        source="Kingma and Ba (2015), algorithm 1",
    )
    exploding_growth: float = _limit(
        1e2,
        unit="gradient at the earliest layers, in multiples of that at the last layer (L2 norms)",
        reason=(
            "Raises a suspicion only. Healthy architectures reach 280 at random init, so the "
            "verdict needs the learning rates to fail as well."
        ),
        source="docs/symptoms, the table of standard architectures",
    )
    ordinary_learning_rates: tuple[float, ...] = _limit(
        (1e-3, 1e-2, 1e-1),
        unit="SGD learning rates, all of which must fail before a model is called exploding",
        reason="The decades in which plain SGD is tuned in practice.",
        source="Bengio (2012), Practical recommendations for gradient-based training, sec. 3.1.1",
    )
    stability_steps: int = _limit(
        5,
        unit="SGD steps on the batch per learning rate",
        reason="An unstable quadratic multiplies its error every step, so five show it.",
        source="LeCun et al. (1998), Efficient BackProp, section 5.1: stable below 2 / curvature",
    )
    steepness: float = _limit(
        1e6,
        unit="curvature of the loss as if it were a mean squared error, at least",
        reason=(
            "SGD is stable below 2 / curvature, so over 2000 a learning rate of 1e-3 is not by "
            "this bound; yet BatchNorm networks on small images reach 5e5 and train. Raises a "
            "suspicion only."
        ),
        source="LeCun et al. (1998), Efficient BackProp, section 5.1; profile.py for the bound",
    )
    overflow_growth: float = _limit(
        1e6,
        unit="largest finite activation rms, in multiples of the smallest before it",
        reason="Where activations overflow, only the forward pass is left to tell why.",
        source="half of float32's decades above 1",
    )
    dead_share: float = _limit(
        0.6,
        unit="share of a layer's units that are never active for any sample",
        reason=(
            "Half of the units are off for all samples where these look alike (squeeze-and-excite, "
            "deep rectifier nets); no standard architecture has significantly more at random init."
        ),
        source="He et al. (2015), section 2.2, for the half; docs/symptoms",
    )
    dead_chance: float = _limit(
        1e-6,
        unit="probability of so many dead units if each were off by the toss of a coin",
        reason="Eight units may all be off by chance; sixty-four may not.",
        source="tail of the binomial distribution with p = 1/2",
    )
    saturated_share: float = _limit(
        0.7,
        unit="share of an activation's values whose slope is under a hundredth of its steepest",
        reason=(
            "At random init no standard architecture has half; causal attention with N(0, 1) "
            "weights has 0.8, and trials decide whether it learns all the same."
        ),
        source="docs/symptoms, the collection of labelled models",
    )
    collapse_spread: float = _limit(
        1e-4,
        unit="deviation of the samples from their mean over the size of the output (L2 norms)",
        reason=(
            "Chains that learn with SGD stay above 5e-3 at random init; below 1e-4 the difference "
            "between samples drowns in what they share."
        ),
        source="docs/symptoms, the collection of labelled models",
    )
    small_spread: float = _limit(
        1e-2,
        unit="the same, under which it is tried whether the model learns anything of the batch",
        reason=("Raises a suspicion only: a network fails that learns nothing in learning_steps."),
        source="the square root of collapse_spread: half of its decades",
    )
    tied_share: float = _limit(
        0.5,
        unit="share of a weight's units that equal another in value and gradient",
        reason="Random weights have none; constant ones have all, copied heads and experts half.",
        source="Goodfellow et al. (2016), Deep Learning, section 8.4",
    )
    underflow_kept: float = _limit(
        0.5,
        unit="share of a weight's gradient norm, under a scaled loss, that is left without",
        reason="Rounding keeps all but a thousandth; what falls under 2^-24 is lost for good.",
        source="Micikevicius et al. (2018), arXiv 1710.03740, section 3.2",
    )
    underflow_rms: float = _limit(
        1e-6,
        unit="rms of a float16 gradient",
        reason=(
            "Sixteen times the smallest float16: over it most entries survive. Raises a suspicion "
            "only."
        ),
        source="IEEE 754 binary16: 2^-24 is the smallest subnormal",
    )
    solved_loss: float = _limit(
        1e-6,
        unit="absolute loss, under which nothing need be sent back",
        reason="A loss at its end has no gradient; any other that has none is a fault.",
        source="a cross-entropy of 1e-6 is a probability of 0.999999 for every target",
    )
    learning_steps: int = _limit(
        60,
        unit="optimizer steps on half of the batch, for the last look before an accusation",
        reason=(
            "Networks that learn lower the other half's loss within them. Only a loss with a "
            "target, on eight samples or more, can tell; else the look is left out."
        ),
        source="docs/symptoms, the collection of labelled models",
    )
    learning_gain: float = _limit(
        0.05,
        unit="share of the loss by which it must fall, and differ from that of shuffled inputs",
        reason="What all samples have in common is learned by a last bias alone.",
        source="docs/symptoms, the collection of labelled models",
    )
    learning_fitted: float = _limit(
        0.5,
        unit="loss on what was learned from, in multiples of that with its inputs exchanged",
        reason="Networks that train reach a tenth, of random labels too; chaotic ones stay near 1.",
        source="docs/symptoms, the collection of labelled models",
    )
    learning_trace: float = _limit(
        0.9,
        unit="the same, over which there is no trace of learning: for weak suspicions",
        reason="Low-rank updates of a frozen model reach two thirds; deaf networks stay at 0.99.",
        source="docs/symptoms, the collection of labelled models",
    )
    confirmation_seeds: int = _limit(
        2,
        unit="further seeds on which a suspicion must repeat",
        reason="Dropout and the random cotangent differ between seeds; a sick model does not.",
        source="docs/symptoms, flake rate",
    )

    remedy_seconds: float = _limit(
        10.0,
        unit="seconds after which no further remedy is started",
        reason="A failing test should still end while its author watches.",
        source="Nielsen (1993), Usability Engineering, section 5.5: the limit of attention",
    )

    def __post_init__(self) -> None:
        """Refuse values that can never pass or never fail.

        Raises:
            ProbeError: A limit is negative, not a number or empty.
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            numbers = value if isinstance(value, tuple) else (value,)
            if not numbers or any(
                isinstance(n, bool) or not isinstance(n, int | float) or not n >= 0 for n in numbers
            ):
                msg = f"limit {field.name}={value!r} must be zero or more ({field.metadata[UNIT]})"
                raise ProbeError(msg)

    def replace(self, **changes: Any) -> Limits:
        """A copy with some limits changed.

        Raises:
            ProbeError: A name is not a limit; the message lists the valid ones.
        """
        names = [field.name for field in dataclasses.fields(self)]
        unknown = sorted(set(changes) - set(names))
        if unknown:
            msg = f"unknown limit {', '.join(unknown)}; the limits are {', '.join(names)}"
            raise ProbeError(msg)
        return dataclasses.replace(self, **changes)

    def is_lowered(self, name: str) -> bool:
        """Whether the caller set a limit below its default, and so accepts more than we would."""
        field = next(field for field in dataclasses.fields(self) if field.name == name)
        return bool(getattr(self, name) < field.default)

    @classmethod
    def describe(cls) -> str:
        """All limits with their values, units, reasons and sources, as text."""
        return "\n\n".join(
            f"{field.name} = {field.default}\n  unit    {field.metadata[UNIT]}\n"
            f"  reason  {field.metadata[REASON]}\n  source  {field.metadata[SOURCE]}"
            for field in dataclasses.fields(cls)
        )
