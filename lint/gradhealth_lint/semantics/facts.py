"""What the rules see of a file: frozen, plain data.

Places are ``Anchor`` numbers; the engine turns those of findings into lines and columns, for
positions are dear and most facts never become a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gradhealth_lint.semantics.module_facts import Made, Unregistered

#: The number of a construct in its file, to be resolved by ``reader.FileReading.positions``.
Anchor: TypeAlias = int
#: A folded argument; None if the source does not tell it.
Argument: TypeAlias = "float | str | None"
#: What happens in a training loop. "unscale" is ``scaler.unscale_``, "update" ``scaler.update``;
#: "detach" takes a number or a graph-less tensor from a loss; "helper" is a call that could not be
#: followed and got at gradients; "edit" writes ``.grad`` by hand; "fit" leaves all to a framework.
EventKind: TypeAlias = Literal[
    "zero_grad", "forward", "loss", "backward", "unscale", "clip", "step", "update", "schedule",
    "detach", "train", "eval", "hook", "edit", "penalty", "helper", "fit",
]  # fmt: skip
SubjectKind: TypeAlias = Literal["model", "optimizer", "scaler", "scheduler", "framework"]
PieceKind: TypeAlias = Literal[
    "affine", "activation", "norm", "scale", "dropout", "pool", "resize", "reshape", "add",
    "concatenate", "multiply",
]  # fmt: skip
#: "none" and "clipped" are certain.
Clipping: TypeAlias = Literal["none", "clipped", "unknown"]


@dataclass(frozen=True, slots=True)
class Init:
    """How a parameter was set last: "default", or the name in torch.nn.init with its arguments."""

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    def get(self, key: str) -> Argument:
        """An argument by name, None if it is not known."""
        return dict(self.arguments).get(key)


@dataclass(frozen=True, slots=True)
class Window:
    """What a convolution or a pool slides over images: one number a dimension.

    ``sides`` is the kernel, ``inputs`` and ``outputs`` are channels; a number that the source does
    not tell is None. ``padded`` says that what it sees outside an image is 0.
    """

    inputs: int | None
    outputs: int | None
    sides: tuple[int, ...] | None
    stride: tuple[int, ...] | None
    padding: tuple[int, ...] | None
    dilation: tuple[int, ...]
    groups: int | None = 1
    transposed: bool = False
    padded: bool = True


@dataclass(frozen=True, slots=True)
class StackLayer:
    """One affine layer of a stack and the activation after it.

    ``kind`` is its class in torch.nn. Fans are None where the source does not tell them, inits are
    None where they cannot be read; ``bias`` is Init("zeros_") if there is none. ``activation`` is
    "identity" if there is none; ``parameters`` are its numbers. ``repeated`` says that the layer
    stands in a repetition whose count is assumed.
    """

    kind: str
    fan_in: int | None
    fan_out: int | None
    weight: Init | None
    bias: Init | None
    activation: str
    parameters: tuple[float, ...] = ()
    normalised: bool = False
    repeated: bool = False
    #: Of a convolution.
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """A maximal chain of affine layers with activations and nothing else of weight in between.

    ``owner`` is the class it belongs to ("Sequential" for a bare one), ``residual`` says that its
    result is added to, concatenated with or multiplied by something its input leads to, ``notes``
    are what was assumed about how often its parts repeat.
    """

    anchor: Anchor
    owner: str
    layers: tuple[StackLayer, ...]
    residual: bool = False
    notes: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """The number of affine layers."""
        return len(self.layers)


@dataclass(frozen=True, slots=True)
class Piece:
    """One operation of a network, or the place where its ``arms`` meet.

    ``label`` is torch's name for it: a class of torch.nn, an activation's function. ``numbers`` are
    an activation's parameters, a norm's (gamma, beta, groups), a dropout's rate, a factor, the size
    an adaptive pool makes or a resizing's scale; None where the source does not tell.
    """

    kind: PieceKind
    label: str = ""
    layer: StackLayer | None = None
    window: Window | None = None
    numbers: tuple[float | None, ...] = ()
    arms: tuple[tuple[Piece, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """A part of a forward pass with one way in and one way out, in forward order."""

    anchor: Anchor
    owner: str
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A recurrent layer: its class in torch.nn, sizes, and inits by the names of its parameters.

    ``nonlinearity`` is an RNN's; None where the source does not tell.
    """

    anchor: Anchor
    owner: str
    kind: str
    inputs: int | None
    hidden: int | None
    nonlinearity: str | None
    inits: tuple[tuple[str, Init | None], ...]


@dataclass(frozen=True, slots=True)
class InitTarget:
    """A parameter that an init call set and that nothing set again."""

    kind: str
    parameter: str
    fan_in: int | None
    fan_out: int | None
    multiplies: bool
    #: Which stack its layer is part of, and the activation that follows it there.
    stack: int | None = None
    activation: str | None = None


@dataclass(frozen=True, slots=True)
class InitUse:
    """One init call in the source and all it set, with the user's own names for messages."""

    anchor: Anchor
    init: Init
    targets: tuple[InitTarget, ...]
    target_text: str
    callee_text: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A model, optimizer, scaler or scheduler of a file, made in the source where it is known.

    ``name`` is its class. ``layers`` are the classes of torch.nn in a model and ``stacks`` its
    stacks; ``owns`` are the numbers of the models whose parameters an optimizer holds, ``loops``
    those it was made in. ``foreign`` says that an optimizer is not torch.optim's.
    """

    number: int
    kind: SubjectKind
    name: str
    layers: frozenset[str] = frozenset()
    stacks: tuple[int, ...] = ()
    owns: tuple[int, ...] = ()
    loops: tuple[Anchor, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """An undecided branch an event stands in, the text of its test, and whether that holds."""

    anchor: Anchor
    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class LoopEvent:
    """One thing a training loop does.

    ``text`` is what it is done to, as the user wrote it, and ``subject`` its number if it is known.
    ``models`` are those whose gradients are stepped, clipped or cleared, empty if not known.
    ``how`` is "norm", "value" or "hand" of a clip, "scaled" of what goes through a loss scaler,
    "closure" of a step, "each" of one of several optimizers that a loop goes over, "explicit" of a
    scheduler's that is told the epoch or a metric, the method of others. ``limit`` is what a clip
    clips to, infinity for nothing, None if it is not known. ``framework`` is what does it, "" for
    the code itself.
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
    was read to its end, with no branch left out that gradients are mentioned in.
    """

    anchor: Anchor
    owner: str
    events: tuple[LoopEvent, ...]
    steps: tuple[TrainingStep, ...]
    looped: bool = True
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Wiring:
    """A loss or a logarithm, and what made the tensor it is given.

    ``kind`` is "cross_entropy", "bce_with_logits", "nll", "kl_div", "log" or "backward";
    ``function`` is "softmax", "log_softmax", "sigmoid", "logsigmoid", or "affine" of plain logits;
    "rewrapped" of a new tensor made of another one's numbers, "required" of one that was told to
    require a gradient. ``source`` is
    where that was written, the loss itself if it is in another file; ``model`` is the class of the
    model that ends in it, "" if there is none between. The texts are the user's own.
    """

    anchor: Anchor
    kind: str
    function: str
    source: Anchor
    model: str
    text: str
    source_text: str


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
    #: The models, optimizers, scalers and schedulers that events of loops are about.
    subjects: tuple[Subject, ...] = ()
    wirings: tuple[Wiring, ...] = ()
    unregistered: tuple[Unregistered, ...] = ()
    made_in_forward: tuple[Made, ...] = ()
    #: What ``predict`` prints; read only for it.
    networks: tuple[Network, ...] = ()
    recurrences: tuple[Recurrence, ...] = ()
