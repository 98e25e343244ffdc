"""What the rules see of optimizers, states and precisions in training code: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: "uncalled" is ``model.parameters`` without the call, "empty" a list of nothing; "layer" is put
#: into the model, and "model" made in its place, when the optimizer is there already.
StaleForm: TypeAlias = Literal["uncalled", "empty", "layer", "model"]
RetainedForm: TypeAlias = Literal["sum", "list", "retain_graph"]


@dataclass(frozen=True, slots=True)
class StaleOptimizer:
    """An optimizer that does not own what is trained; ``name`` is what it does not own."""

    anchor: int
    form: StaleForm
    name: str
    optimizer: str


@dataclass(frozen=True, slots=True)
class HandUpdate:
    """A change by hand of the parameter ``text``.

    ``form`` is "in place" of one while autograd watches, "rebound" of a new tensor for a loop's
    variable, "no leaf" of one that is used instead of it from then on, "discarded" of a result
    that nobody keeps. Of a call, ``receiver`` is what it is called on, ``method`` its name and
    ``given`` its argument, where it has one.
    """

    anchor: int
    form: str
    text: str
    method: str = ""
    receiver: int | None = None
    given: int | None = None


@dataclass(frozen=True, slots=True)
class Uncleared:
    """Tensors, by their texts, that a loop moves along their gradients by hand, and the places.

    Nothing in the file clears a gradient.
    """

    anchors: tuple[int, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retained:
    """The graph of a loss that is kept beyond its turn of a training loop.

    ``form`` is "sum" or "list" of what ``total`` collects, and "retain_graph" of a backward pass
    that is told to keep a graph nobody goes through again. ``name`` is the loss. ``evaluated``
    says that it is one of an evaluation, which could do without gradients, and ``value`` is where
    it is collected.
    """

    anchor: int
    form: RetainedForm
    name: str
    total: str = ""
    evaluated: bool = False
    value: int | None = None


@dataclass(frozen=True, slots=True)
class CarriedState:
    """A state that a training loop hands from turn to turn with the graph behind it.

    ``backward`` is the backward pass that runs into the turn before; ``within`` is the class of a
    module that keeps the state in an attribute, "" if a variable holds it.
    """

    anchor: int
    name: str
    backward: int
    within: str = ""


@dataclass(frozen=True, slots=True)
class Accumulation:
    """A backward pass whose gradients a step sums over ``every`` batches, none of them divided.

    ``every`` is the number as the code has it, ``name`` the loss; ``loss`` is the variable the
    backward pass starts at, None if that is not one.
    """

    anchor: int
    name: str
    every: str
    optimizer: str
    loss: int | None = None


@dataclass(frozen=True, slots=True)
class HalfPrecision:
    """A backward pass from ``name``, in float16 and unscaled.

    ``context`` is the autocast that makes it so, or ``model`` has float16 weights.
    """

    anchor: int
    name: str
    context: str
    model: str


@dataclass(frozen=True, slots=True)
class FrozenModel:
    """An ``optimizer`` that has the parameters of ``model`` only, all of which are frozen."""

    anchor: int
    optimizer: str
    model: str


@dataclass(frozen=True, slots=True)
class LearningRate:
    """The rate that an optimizer is made with and that nothing in the file changes.

    ``text`` is the rate as the code has it. ``of_model`` says that the parameters are a model's,
    ``depth`` how many matrices that has as far as it is known, ``network`` is the function that
    makes such deep networks; ``bounded`` says that the file clips gradients.
    """

    anchor: int
    optimizer: str
    text: str
    rate: float
    momentum: float
    of_model: bool
    depth: int | None
    network: str
    bounded: bool


@dataclass(frozen=True, slots=True)
class LeftInEvaluation:
    """``model.eval()`` after which ``optimizer`` steps that model, with no ``train()`` between.

    ``heeding`` are the classes of torch.nn in it that work in another way in evaluation mode, as
    far as they are known; ``again`` says that the loop around both has to come round.
    """

    anchor: int
    model: str
    optimizer: str
    heeding: tuple[str, ...]
    again: bool


@dataclass(frozen=True, slots=True)
class StrayStep:
    """A step of an optimizer that owns ``model``, and the losses come from ``called`` alone."""

    anchor: int
    optimizer: str
    model: str
    called: str
