"""Thresholds of the training checks; ``Limits`` holds them beside those of the symptoms."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gradhealth.threshold import limit


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLimits:
    """What ``assert_learns`` and its neighbours hold their numbers against."""

    learns_share: float = limit(
        0.7,
        unit="loss on one batch after the steps, in multiples of the loss before them",
        reason=(
            "A network that cannot know one batch by heart does not train. Standard architectures "
            "reach a tenth; low-rank updates of a frozen random model stop at 0.6."
        ),
        source="docs/training.md, the table of standard architectures",
    )
    learns_steps: int = limit(
        300,
        unit="optimizer steps on the batch, at most; fewer where the loss falls no further",
        reason=(
            "Standard architectures need under fifty at a rate that suits them; low-rank updates "
            "of a frozen model need more."
        ),
        source="docs/training.md, the table of standard architectures",
    )
