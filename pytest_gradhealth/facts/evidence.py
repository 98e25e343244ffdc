"""What was measured to confirm or drop a suspicion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_gradhealth.facts.records import Report

# A loss that creeps up by less does not explode.
_WAVER = 0.01


@dataclass(frozen=True, slots=True)
class Trial:
    """A few plain SGD steps on one batch, taken and undone.

    Attributes:
        learning_rate: Of SGD without momentum.
        max_norm: Limit of the total gradient norm, where the steps were clipped.
        losses: The loss before each step and after the last; ends early where it is not finite.
        share_after: The share of the last layer's gradient that still reaches the earliest layers
            after the steps, 0.0 where none does: a network that the first step killed may end with
            a low loss, and has learned nothing.
    """

    learning_rate: float
    max_norm: float | None
    losses: tuple[float, ...]
    share_after: float

    @property
    def descended(self) -> bool:
        """Whether the loss ended finite and no higher than it began, up to a hundredth of it."""
        start, end = self.losses[0], self.losses[-1]
        return math.isfinite(end) and end <= start + _WAVER * abs(start)


@dataclass(frozen=True, slots=True)
class LearningTrial:
    """Steps on one half of the batch, judged on the other half, taken and undone.

    Attributes:
        optimizer: ``Adam`` or ``SGD``, the latter with momentum.
        learning_rate: Of the optimizer.
        before: The loss on the other half before the steps.
        after: The same after them; NaN where the steps diverged.
        shuffled: The same with the other half's inputs exchanged among its samples, the mean over
            several orders: no higher where the model learned only what holds for all samples.
        luckiest: The lowest of these.
        fitted: The loss on the first half after the steps, over that with its inputs exchanged: 1
            where nothing was learned of the samples, not even by heart; NaN where it diverged.
    """

    optimizer: str
    learning_rate: float
    before: float
    after: float
    shuffled: float
    luckiest: float
    fitted: float

    def generalised(self, gain: float) -> bool:
        """Whether the other half's loss is lower with its own inputs than with exchanged ones.

        That loss may have risen all the same: a model that is too sure pays for its few mistakes.
        """
        by_looking = self.after < self.shuffled - gain * abs(self.before)
        return by_looking and self.after < self.luckiest

    def learned(self, gain: float) -> bool:
        """Whether the loss fell by that share of itself, and by looking at the samples."""
        fell = self.after < self.before - gain * abs(self.before)
        return fell and self.generalised(gain)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a reference learner finds in the batch, fitted on one half and asked about the other.

    Attributes:
        view: The inputs it did best with, such as ``all inputs`` or ``step 3``.
        explained: Share of the target's variance it explains; negative where it guesses worse than
            the mean.
        by_chance: The most it explains with the targets shuffled among the samples.
        step: The time step, where the view is one of ``steps``; ``None`` for all of them.
        steps: Length of the sequence, 0 where there is none.
    """

    view: str
    explained: float
    by_chance: float
    step: int | None = None
    steps: int = 0

    @property
    def found(self) -> bool:
        """Whether there is something to learn, beyond what chance explains."""
        return self.explained > max(self.by_chance, 0.0)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything measured so far; a check judges it or says what it still needs.

    Attributes:
        report: The first pass.
        reseeded: Passes with other seeds that look closely; ``None`` while not asked for.
        warmed: The pass after the warm-up, looking closely; ``None`` while not asked for.
        trials: SGD trials, one a learning rate; ``None`` while not asked for.
        scaled: The pass repeated with its loss scaled up and the gradients scaled down again;
            ``None`` while not asked for, empty where that overflows.
        learning: Trials on halves of the batch; ``None`` while not asked for, empty where the batch
            has no target to learn or too few samples.
        signal: What there is to learn from the batch, one entry an input; ``None`` while not asked
            for, empty where the batch has no target or too few samples.
        trace: Whether some trial told the samples apart that it learned from, or none is possible;
            ``None`` while not asked for.
        ignored: ``fnmatch`` patterns of parameters and modules that the caller vouches for.
    """

    report: Report
    reseeded: tuple[Report, ...] | None = None
    warmed: Report | None = None
    trials: tuple[Trial, ...] | None = None
    scaled: tuple[Report, ...] | None = None
    learning: tuple[LearningTrial, ...] | None = None
    signal: tuple[Signal, ...] | None = None
    trace: bool | None = None
    ignored: tuple[str, ...] = ()

    def ignores(self, *names: str) -> bool:
        """Whether a pattern matches one of these names."""
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.ignored)
