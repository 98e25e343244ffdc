"""Thresholds of the training checks; ``Limits`` holds them beside those of the symptoms."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gradhealth.baseline_limits import BaselineLimits
from pytest_gradhealth.threshold import limit


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLimits(BaselineLimits):
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
    update_steps: int = limit(
        10,
        unit="steps of the user's own optimizer on the batch",
        reason="Adam's first step is larger than those after it; the median of ten is not.",
        source="Kingma and Ba (2015), algorithm 1",
    )
    update_ratio_most: float = limit(
        0.3,
        unit="L2 norm of a group's change in one step over that of its weights, the largest step",
        reason=(
            "A thousandth is usual; a third rewrites the weights in three steps. Raises a "
            "suspicion only: small networks that learn all the same pass."
        ),
        source="docs/training.md, the table of optimizers",
    )
    update_ratio_least: float = limit(
        1e-6,
        unit="the same, at least, the median of the steps",
        reason=(
            "A million steps for a change of the weights' own size. Raises a suspicion only: a "
            "loss that changes all the same passes."
        ),
        source="docs/training.md, the table of optimizers",
    )
    update_change: float = limit(
        1e-3,
        unit="share of the loss by which it must change over the steps where the ratio is small",
        reason="What moves by less over ten steps needs ten thousand for its own size.",
        source="docs/training.md, the table of optimizers",
    )
    update_leap: float = limit(
        1.0,
        unit="rise of the loss over the steps, in multiples of the first, where the ratio is large",
        reason="Steps that double the loss on their own batch undo more than they do.",
        source="docs/training.md, the table of optimizers",
    )
    clip_headroom: float = limit(
        1e4,
        unit="growth of the gradient at optimizer.step, when it is multiplied by 2^20",
        reason=(
            "A clip holds the norm at its limit, whatever comes; a limit ten thousand times the "
            "gradient of an ordinary batch holds nothing."
        ),
        source="Pascanu et al. (2013), On the difficulty of training RNNs, section 3.2",
    )
    clip_calls: int = limit(
        64,
        unit="calls of the training step until an optimizer steps",
        reason="Accumulation over more micro-batches is rare.",
        source="the accumulation of large language models' published recipes",
    )
    mixing_share: float = limit(
        1e-6,
        unit="gradient of a sample's output to another's input, over that output's largest",
        reason=(
            "Samples that are apart give exactly zero; a mean over ten thousand samples gives "
            "1e-4. Between the two there is rounding at most."
        ),
        source="docs/training.md, the sweep over standard architectures; float32's 6e-8",
    )
    mixing_samples: int = limit(
        8,
        unit="samples whose outputs are looked at, one backward pass each",
        reason="The two ends, two neighbours and some between show every mixing but a rare one.",
        source="docs/training.md, the sweep over standard architectures",
    )
    reach_share: float = limit(
        0.0,
        unit="gradient at the position asked for, over the largest at any (L2 norms)",
        reason=(
            "A cut, a window and a receptive field give exactly zero. How much is enough depends "
            "on what is to be learned, which assert_no_vanishing asks."
        ),
        source="docs/training.md, the sweep over causal models",
    )
    leak_share: float = limit(
        1e-6,
        unit="gradient at a position that must not be reached, over the largest at any",
        reason="A mask gives exactly zero; between the two there is rounding at most.",
        source="docs/training.md, the sweep over causal models; float32's 6e-8",
    )
    reach_positions: int = limit(
        8,
        unit="positions of the output that are looked at with never='future'",
        reason="The two ends and some between; a mask is the same everywhere or wrong at an end.",
        source="docs/training.md, the sweep over causal models",
    )
    balance_share: float = limit(
        1e-4,
        unit="norm of a term's gradient at a shared parameter, over the largest term's there",
        reason=(
            "Auxiliary terms are weighted down to a thousandth on purpose; a term under this at "
            "every shared parameter moves none of them by what rounding and noise do."
        ),
        source="Chen et al. (2018), GradNorm, section 3, for the measure; docs/training.md",
    )
    balance_conflict: float = limit(
        1.0,
        unit="cosine of the angle between a term's gradient and the opposite of another's, at most",
        reason="Tasks that are learned together do conflict: nothing fails unless this is lowered.",
        source="Yu et al. (2020), PCGrad, arXiv 2001.06782, section 2.1",
    )
