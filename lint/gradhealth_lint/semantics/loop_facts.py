"""What the rules see of training loops: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor

#: What happens in a training loop. "unscale" is ``scaler.unscale_``, "update" ``scaler.update``;
#: "detach" takes a number or a graph-less tensor from a loss; "helper" is a call that could not be
#: followed and got at gradients; "edit" writes ``.grad`` by hand; "fit" leaves all to a framework.
EventKind: TypeAlias = Literal[
    "zero_grad", "forward", "loss", "backward", "unscale", "clip", "step", "update", "schedule",
    "detach", "train", "eval", "hook", "edit", "penalty", "helper", "fit",
]  # fmt: skip
SubjectKind: TypeAlias = Literal["model", "optimizer", "scaler", "scheduler", "framework"]
#: "none" and "clipped" are certain.
Clipping: TypeAlias = Literal["none", "clipped", "unknown"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, optimizer, scaler or scheduler of a file, made in the source where it is known.

    ``name`` is its class. ``layers`` are the classes of torch.nn in a model and ``stacks`` its
    stacks; ``owns`` are the numbers of the models whose parameters an optimizer holds, ``loops``
    those it was made in, ``given`` the text of what it was given. ``foreign`` says that an
    optimizer is not torch.optim's. ``parts`` are numbers of the layers of a model: two models that
    share one share its parameters.
    """

    number: int
    kind: SubjectKind
    name: str
    layers: frozenset[str] = frozenset()
    stacks: tuple[int, ...] = ()
    owns: tuple[int, ...] = ()
    loops: tuple[Anchor, ...] = ()
    foreign: bool = False
    parts: frozenset[int] = frozenset()
    given: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """An undecided branch an event stands in, the text of its test, and whether that holds.

    ``counting`` says that the test is about the number of turns.
    """

    anchor: Anchor
    text: str
    holds: bool
    counting: bool = False


@dataclass(frozen=True, slots=True)
class LoopEvent:
    """One thing a training loop does.

    ``text`` is what it is done to, as the user wrote it, and ``subject`` its number if it is known.
    ``models`` are those whose gradients are stepped, clipped or cleared, empty if not known.
    ``how`` is "norm", "value" or "hand" of a clip, "scaled" of what goes through a loss scaler,
    "closure" of a step, "untracked" of a forward pass without gradients, "each" of one of several
    optimizers that a loop goes over, "explicit" of a scheduler's that is told the epoch or a
    metric, "scaler" of a helper that may get at a loss scaler, the method of others. ``limit`` is
    what a clip clips to, infinity for nothing, None if it is not known. ``flaw`` of a clip is
    "spent" if its parameters come of a generator that has been gone over, "unused" if nobody
    looks at the norm it gives back and its limit is written there. ``framework`` is what does it,
    "" for the code itself.
    ``loops`` are those around it in the loop at hand, outermost first.
    """

    kind: EventKind
    anchor: Anchor
    text: str
    subject: int | None = None
    models: tuple[int, ...] = ()
    loops: tuple[Anchor, ...] = ()
    conditions: tuple[Condition, ...] = ()
    how: str = ""
    limit: float | None = None
    scaler: int | None = None
    framework: str = ""
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class EarlyClip:
    """A clip in a method that a framework calls ahead of its backward pass."""

    anchor: Anchor
    framework: str
    method: str


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """An optimizer step, at ``event`` in its loop, that a backward pass leads to.

    ``model`` names the model the optimizer owns, None if that is not known; ``layers`` and
    ``stacks`` are the model's. ``clipping`` is "none" only where everything between the backward
    pass and the step was read. ``scaled`` says that a GradScaler that is switched on steps it.
    ``model_text`` and ``scaler_text`` are what the code around the step calls model and scaler, ""
    where that is not known. ``layers`` and ``stacks`` are without what may be frozen. A step in
    another file stands where ``helper`` is called, which leads there.
    """

    anchor: Anchor
    event: int
    backwards: tuple[int, ...]
    model: str | None
    layers: frozenset[str]
    stacks: tuple[int, ...]
    clipping: Clipping
    scaled: bool
    unscaled_before: bool
    parameters_text: str
    optimizer_text: str
    model_text: str = ""
    scaler_text: str = ""
    helper: str = ""


@dataclass(frozen=True, slots=True)
class TrainingLoop:
    """Everything one loop, or code that has no loop around it, does to train, in order.

    One turn of each loop in it; both arms of undecided branches. ``owner`` is "own" or the
    framework that has a hand in it; ``looped`` says that a loop is in view; ``complete`` that it
    was read to its end, with no branch left out that gradients are mentioned in. ``lasting`` are
    the numbers of the optimizers that were there before the function at hand was called.
    ``cleared_before`` is what the same code clears before the loop starts, ``cleared_elsewhere``
    whether any other code of the file clears gradients.
    """

    anchor: Anchor
    owner: str
    events: tuple[LoopEvent, ...]
    steps: tuple[TrainingStep, ...]
    looped: bool = True
    complete: bool = True
    lasting: tuple[int, ...] = ()
    cleared_before: tuple[LoopEvent, ...] = ()
    cleared_elsewhere: bool = False
