"""What the rules see of layers, stacks, networks and their inits: frozen, plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from gradhealth_lint.semantics.places import Anchor

#: A folded argument; None if the source does not tell it.
Argument: TypeAlias = "float | str | None"
PieceKind: TypeAlias = Literal[
    "affine", "activation", "norm", "scale", "dropout", "pool", "resize", "reshape", "add",
    "concatenate", "multiply",
]  # fmt: skip


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
class HandRecurrence:
    """A loop over a sequence whose state goes through ``weight`` at each step.

    ``owners`` are the classes of the models that it is part of.
    """

    anchor: Anchor
    weight: str
    owners: tuple[str, ...]


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
    #: Which of that stack's layers it is.
    position: int | None = None
    #: Whether every layer of this kind is meant, as ``isinstance(m, nn.Linear)`` says.
    every: bool = False
    #: Whether it is, or may be, kept from training.
    frozen: bool = False
    #: Whether its scale is, or may be, taken out again: by a norm, a factor, a norm of the weight.
    rescaled: bool = False


@dataclass(frozen=True, slots=True)
class InitUse:
    """One init call in the source and all it set, with the user's own names for messages."""

    anchor: Anchor
    init: Init
    targets: tuple[InitTarget, ...]
    target_text: str
    callee_text: str
    #: The class of a model all of whose matrices, two or more, it sets.
    whole: str = ""
