"""Every threshold of the runtime: value, unit, reason, source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from pytest_gradhealth.errors import ProbeError

#: Keys of a limit's description, in ``dataclasses.Field.metadata``.
UNIT: Final = "unit"
REASON: Final = "reason"
SOURCE: Final = "source"


def _limit(value: Any, *, unit: str, reason: str, source: str) -> Any:
    return dataclasses.field(default=value, metadata={UNIT: unit, REASON: reason, SOURCE: source})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the checks hold their numbers against; ``Limits.describe()`` prints all of it."""

    vanishing_share: float = _limit(
        1e-4,
        unit="share of the gradient at the last layer that reaches the earliest layers (L2 norms)",
        reason=(
            "Sigmoid chains of 5 layers and default-initialised ReLU chains of 12 fall below it "
            "and do not train with SGD; of 26 timm classifiers at random init only those with zero "
            "heads or LayerScale do, and these rise above it within the warm-up."
        ),
        source="docs/symptoms.md, the table of trained models",
    )
    fading_share: float = _limit(
        1e-2,
        unit="share left without the largest single drop, under which one tower of several fades",
        reason=(
            "Where another way in gets its gradient, one tower is accused only if it fades layer "
            "by layer: a single factor, such as LayerScale's 1e-6, is there on purpose."
        ),
        source="the square root of vanishing_share: half of its decades",
    )
    vanishing_warmup_steps: int = _limit(
        10,
        unit="Adam steps on the batch before the share is measured again",
        reason="Zero-initialised branches wake up in one or two steps; a dead stack stays dead.",
        source="docs/symptoms.md, the table of trained models",
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
        source="docs/symptoms.md, the table of standard architectures",
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
    overflow_growth: float = _limit(
        1e6,
        unit="largest finite activation rms, in multiples of the smallest before it",
        reason="Where activations overflow, only the forward pass is left to tell why.",
        source="half of float32's decades above 1",
    )
    confirmation_seeds: int = _limit(
        2,
        unit="further seeds on which a suspicion must repeat",
        reason="Dropout and the random cotangent differ between seeds; a sick model does not.",
        source="docs/symptoms.md, flake rate",
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

    @classmethod
    def describe(cls) -> str:
        """All limits with their values, units, reasons and sources, as text."""
        return "\n\n".join(
            f"{field.name} = {field.default}\n  unit    {field.metadata[UNIT]}\n"
            f"  reason  {field.metadata[REASON]}\n  source  {field.metadata[SOURCE]}"
            for field in dataclasses.fields(cls)
        )
