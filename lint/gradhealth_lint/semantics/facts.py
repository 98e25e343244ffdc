"""What the rules see of a file: frozen, plain data.

Places are ``Anchor`` numbers; the engine turns those of findings into lines and columns, for
positions are dear and most facts never become a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.semantics.cut_facts import CutOff, LostCheckpoint
    from gradhealth_lint.semantics.data_facts import RawInput, SingleBatch
    from gradhealth_lint.semantics.loop_facts import EarlyClip, Subject, TrainingLoop
    from gradhealth_lint.semantics.lost_facts import LostInit
    from gradhealth_lint.semantics.module_facts import Loose, Made, Tied, Unregistered
    from gradhealth_lint.semantics.network_facts import (
        HandRecurrence,
        InitUse,
        Network,
        Recurrence,
        Stack,
    )
    from gradhealth_lint.semantics.numeric_facts import Steep
    from gradhealth_lint.semantics.parameter_facts import HandMade
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.squashing_facts import Squashing
    from gradhealth_lint.semantics.training_facts import (
        Accumulation,
        CarriedState,
        FrozenModel,
        HalfPrecision,
        HandUpdate,
        LearningRate,
        LeftInEvaluation,
        Retained,
        StaleOptimizer,
        StrayStep,
        Uncleared,
    )


@dataclass(frozen=True, slots=True)
class Wiring:
    """A loss or a logarithm, and what made the tensor it is given.

    ``kind`` is "cross_entropy", "bce_with_logits", "bce", "nll", "kl_div", "log" or "backward";
    "output" of a softmax or sigmoid that a module ends in, on rectified logits, "hidden" of one
    between two layers;
    ``function`` is "softmax", "log_softmax", "sigmoid", "logsigmoid", or "affine" of plain logits;
    "relu", "gelu" and the like of rectified ones;
    "rewrapped" of a new tensor made of another one's numbers, "required" of one that was told to
    require a gradient. ``source`` is
    where that was written, the loss itself if it is in another file; ``model`` is the class of the
    model that ends in it, "" if there is none between. The texts are the user's own;
    ``squashing`` is how its call is written, if that is plain and in this file.
    """

    anchor: Anchor
    kind: str
    function: str
    source: Anchor
    model: str
    text: str
    source_text: str
    squashing: Squashing | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything the rules may ask about a file."""

    stacks: tuple[Stack, ...] = ()
    inits: tuple[InitUse, ...] = ()
    loops: tuple[TrainingLoop, ...] = ()
    #: Those of other files, each at the call that leads there: what this file gives them is known.
    loops_elsewhere: tuple[TrainingLoop, ...] = ()
    #: autograd.grad(..., create_graph=True): a smooth activation is needed, as in a PINN.
    differentiates_twice: bool = False
    #: Whether trained weights may take the place of the initialised ones before training.
    weights_loaded: bool = False
    #: The models, optimizers, scalers and schedulers that events of loops are about.
    subjects: tuple[Subject, ...] = ()
    wirings: tuple[Wiring, ...] = ()
    early_clips: tuple[EarlyClip, ...] = ()
    unregistered: tuple[Unregistered, ...] = ()
    loose: tuple[Loose, ...] = ()
    stale_optimizers: tuple[StaleOptimizer, ...] = ()
    hand_updates: tuple[HandUpdate, ...] = ()
    uncleared: tuple[Uncleared, ...] = ()
    retained: tuple[Retained, ...] = ()
    carried: tuple[CarriedState, ...] = ()
    accumulations: tuple[Accumulation, ...] = ()
    halved: tuple[HalfPrecision, ...] = ()
    strayed: tuple[StrayStep, ...] = ()
    rates: tuple[LearningRate, ...] = ()
    frozen: tuple[FrozenModel, ...] = ()
    left_in_evaluation: tuple[LeftInEvaluation, ...] = ()
    made_in_forward: tuple[Made, ...] = ()
    cut_off: tuple[CutOff, ...] = ()
    lost_checkpoints: tuple[LostCheckpoint, ...] = ()
    hand_made: tuple[HandMade, ...] = ()
    tied: tuple[Tied, ...] = ()
    lost_inits: tuple[LostInit, ...] = ()
    steep: tuple[Steep, ...] = ()
    raw_inputs: tuple[RawInput, ...] = ()
    single_batches: tuple[SingleBatch, ...] = ()
    networks: tuple[Network, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
    hand_recurrences: tuple[HandRecurrence, ...] = ()
