"""What of torch an expression can evaluate to: layers, containers, parameters, optimizers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from gradhealth_lint.semantics.domain.values import UNKNOWN, Instance, Value

if TYPE_CHECKING:
    import libcst as cst


@dataclass(eq=False, slots=True)
class Layer:
    """A module of torch.nn. ``fields`` holds how each parameter was last initialised."""

    kind: str
    arguments: dict[str, Value]
    node: cst.CSTNode = field(repr=False)
    notes: tuple[str, ...]
    fields: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Container:
    """Sequential, ModuleList or ModuleDict; ``fields["items"]`` is ((name, module), ...)."""

    kind: str
    node: cst.CSTNode = field(repr=False)
    fields: dict[str, Value]


@dataclass(frozen=True, eq=False, slots=True)
class Applied:
    """The result of a module on something, outside a forward pass.

    ``terms`` are those of a sum that have lost their graph.
    """

    module: Value
    terms: tuple[Squashed, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Squashed:
    """The result of softmax, sigmoid or their logarithms, and the call or layer that made it."""

    function: str
    node: cst.CSTNode = field(repr=False)
    #: Where it is a sum of what has lost its graph: the terms of a loss among them.
    terms: tuple[Squashed, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """``layer.weight``; ``.data`` and ``.detach()`` of it are the same thing.

    ``part`` is None of the whole, (first, end) of rows, UNKNOWN of another part.
    """

    layer: Layer
    name: str
    part: Value = None


@dataclass(eq=False, slots=True)
class Drawn:
    """A tensor made by a function of torch, or a parameter made of one; views share ``fields``.

    ``fields["init"]`` is the init call that its numbers are of, UNKNOWN if something else changed
    them; ``fields["trained"]`` whether it asks for a gradient. ``shape`` is None if not even the
    number of its dimensions is known.
    """

    fields: dict[str, Value]
    shape: tuple[Value, ...] | None
    node: cst.CSTNode = field(repr=False)
    is_parameter: bool = False
    #: The name it was first given.
    text: str = ""
    #: What made it of one that asks for a gradient, and that one.
    made_by: str = ""
    leaf: Drawn | Leaf | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Leaf:
    """A tensor that asks for a gradient and whose numbers are not followed, or one made of it.

    ``made_by`` and ``leaf`` are as in ``Drawn``.
    """

    is_parameter: bool
    made_by: str = ""
    leaf: Drawn | Leaf | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Copied:
    """``parameter.clone()``; ``text`` names the init that set it, "" if none did."""

    text: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Product:
    """Something that is not in the graph, multiplied by a trained matrix made by hand."""

    weight: Drawn


@dataclass(frozen=True, slots=True)
class ParametersOf:
    """``module.parameters()`` or ``module.named_parameters()``."""

    owner: Value
    named: bool


@dataclass(frozen=True, eq=False, slots=True)
class Optimizer:
    """An optimizer and the modules whose parameters it owns.

    ``foreign`` says that it is not torch.optim's: it may clip by itself.
    """

    kind: str
    owners: tuple[Value, ...]
    text: str
    foreign: bool = False
    #: The loops that were running when it was made, and the function that was called first.
    loops: tuple[cst.CSTNode, ...] = ()
    root: object = None


@dataclass(frozen=True, eq=False, slots=True)
class Scheduler:
    """A learning-rate scheduler and the optimizer it steers, UNKNOWN if that is not told."""

    kind: str
    optimizer: Value


@dataclass(frozen=True, eq=False, slots=True)
class Scaler:
    """A torch.amp.GradScaler; ``enabled`` may be UNKNOWN."""

    enabled: Value


@dataclass(frozen=True, eq=False, slots=True)
class Scaled:
    """``scaler.scale(loss)``."""

    scaler: Scaler


@dataclass(frozen=True, eq=False, slots=True)
class Manager:
    """An object of a training framework: an Accelerator, a Fabric, an engine, a Trainer.

    ``model`` is what it trains, ``max_norm`` what it clips to: None if it does not, UNKNOWN if the
    source does not tell.
    """

    framework: str
    kind: str
    model: Value = UNKNOWN
    max_norm: Value = UNKNOWN


@dataclass(frozen=True, slots=True)
class InitCall:
    """How one parameter was set: the init's name, its folded arguments, where it was written."""

    name: str
    arguments: tuple[tuple[str, Value], ...]
    node: cst.CSTNode = field(repr=False)
    target: str
    callee: str


def is_module(value: Value) -> bool:
    """Whether the value is an nn.Module."""
    kind = value.__class__
    if kind is Instance:
        return cast("Instance", value).is_module
    return kind is Layer or kind is Container
