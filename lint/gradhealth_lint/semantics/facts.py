"""What the rules see of a file: frozen, plain data.

Places are ``Anchor`` numbers; the engine turns those of findings into lines and columns, for
positions are dear and most facts never become a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

#: The number of a construct in its file, to be resolved by ``reader.FileReading.positions``.
Anchor: TypeAlias = int
#: A folded argument; None if the source does not tell it.
Argument: TypeAlias = "float | str | None"


@dataclass(frozen=True, slots=True)
class Init:
    """How a parameter was set last: "default", or the name in torch.nn.init with its arguments."""

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    def get(self, key: str) -> Argument:
        """An argument by name, None if it is not known."""
        return dict(self.arguments).get(key)


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
class TrainingLoop:
    """A loop with ``backward()`` and an optimizer's ``step()`` (where ``anchor`` is).

    ``layers`` are the classes of torch.nn in the model the optimizer owns, empty if the model is
    not known; ``stacks`` are that model's. ``scaled`` says that a GradScaler that is
    switched on steps the optimizer.
    """

    anchor: Anchor
    model: str | None
    layers: frozenset[str]
    stacks: tuple[int, ...]
    clipped: bool
    scaled: bool
    unscaled_before: bool
    framework: bool
    parameters_text: str
    optimizer_text: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything the rules may ask about a file."""

    stacks: tuple[Stack, ...] = ()
    inits: tuple[InitUse, ...] = ()
    loops: tuple[TrainingLoop, ...] = ()
    #: autograd.grad(..., create_graph=True): a smooth activation is needed, as in a PINN.
    differentiates_twice: bool = False
    #: Some form of gradient clipping is written anywhere in the code.
    mentions_clipping: bool = False
