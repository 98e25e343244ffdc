"""What the training checks measured: frozen records of floats, strings and tuples."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fit:
    """Steps on one batch with one optimizer, taken and undone.

    Attributes:
        optimizer: Such as ``Adam at 0.001``.
        losses: The loss before each step and after the last; ends early where it is not finite.
        floor: The loss that a perfect model has.
        looked: The last loss over that with the inputs exchanged among the samples, both above the
            floor: 1 where the model learned only what all samples have in common. ``None`` where
            the batch cannot tell: one sample, no target, the same target throughout.
    """

    optimizer: str
    losses: tuple[float, ...]
    floor: float = 0.0
    looked: float | None = None

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.losses) - 1

    @property
    def best(self) -> float:
        """The lowest loss; of what is left of a batch it is what counts, not the last."""
        finite = [loss for loss in self.losses if math.isfinite(loss)]
        return min(finite, default=math.nan)

    @property
    def share(self) -> float:
        """The lowest loss over the first, both above the floor; below 0 where it went below it.

        Of a loss that begins at its floor or below it, the size of the first stands for the way.
        """
        start = self.losses[0]
        way = abs(start - self.floor)
        if not way or not math.isfinite(start):
            return math.nan
        return 1.0 - (start - self.best) / way

    def learned(self, share: float, trace: float) -> bool:
        """Whether the loss fell to that share, and by looking at the samples."""
        return self.share <= share and (self.looked is None or self.looked <= trace)


@dataclass(frozen=True, slots=True)
class GroupUpdate:
    """What a few steps of an optimizer did to one of its parameter groups.

    Norms are L2 norms over the entries that got a gradient, of those parameters that do not start
    at zero: any step is infinitely large for the others.

    Attributes:
        name: Such as ``group 0 (lr 0.001)``; ``in no group`` for what no optimizer holds.
        parameters: Names of the parameters in it that got a gradient.
        moved: Whether any of them changed.
        size: Norm of the entries at the first step that reaches them; 0.0 where all start at zero.
        ratio: Median over the steps of the norm of the change over that of the entries before it;
            NaN where all start at zero.
        peak: The largest of them.
        largest: The parameter with the largest median, ``""`` where there is none.
        largest_ratio: Its ratio.
    """

    name: str
    parameters: tuple[str, ...]
    moved: bool
    size: float
    ratio: float
    peak: float
    largest: str = ""
    largest_ratio: float = math.nan


@dataclass(frozen=True, slots=True)
class Updates:
    """A few steps of the user's own optimizer on one batch, taken and undone.

    Attributes:
        groups: One a parameter group, in the optimizers' own order.
        losses: The loss before each step and after the last; ends early where it is not finite.
    """

    groups: tuple[GroupUpdate, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Clipping:
    """What reaches ``optimizer.step`` in the user's own training step, taken and undone.

    Norms are L2 norms, without a loss scaler's scale.

    Attributes:
        factor: By what the gradients were multiplied in the second run.
        norm: Norm of all gradients at the step, as the batch gives them.
        scaled_norm: The same with the gradients multiplied.
        parameters: Name, norm, and norm with the gradients multiplied, of each parameter.
        skipped: Whether the step was not taken at all with the gradients multiplied.
        scale_seen: Whether the bound moves with the loss scaler's scale; ``None`` without one.
    """

    factor: float
    norm: float
    scaled_norm: float
    parameters: tuple[tuple[str, float, float], ...]
    skipped: bool = False
    scale_seen: bool | None = None
