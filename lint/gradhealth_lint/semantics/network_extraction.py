"""From regions of the dataflow graph to networks, and from recurrent layers to recurrences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from gradhealth_lint.semantics.domain import catalogue, folding
from gradhealth_lint.semantics.domain.graph import (
    ACTIVATION,
    ADD,
    AFFINE,
    CONCATENATE,
    NORM,
    SCALE,
    Node,
)
from gradhealth_lint.semantics.domain.torch_values import InitCall, Layer
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN, Value
from gradhealth_lint.semantics.layer_facts import init_of, stack_layer, window
from gradhealth_lint.semantics.network_facts import Init, Network, Piece, Recurrence, Window
from gradhealth_lint.semantics.pytorch import inits
from gradhealth_lint.semantics.pytorch.parts import forget_gate
from gradhealth_lint.semantics.regions import Part, flat, regions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import libcst as cst

    from gradhealth_lint.semantics.places import Anchor

#: The owner of what is in no class of the file.
BARE: Final = "Sequential"
#: What a norm's class says when it is a function.
_NORM_CLASSES: Final = {
    "layer_norm": "LayerNorm", "rms_norm": "RMSNorm", "batch_norm": "BatchNorm",
    "group_norm": "GroupNorm", "instance_norm": "InstanceNorm",
}  # fmt: skip


class NetworkExtractor:
    """Reads networks; ``place`` gives the anchor of a chain of layers, ``owner`` its class."""

    def __init__(
        self,
        anchor: Callable[[cst.CSTNode], Anchor],
        place: Callable[[list[Layer]], cst.CSTNode],
        owner: Callable[[Value], str],
        smallest: int,
    ) -> None:
        self._anchor = anchor
        self._place = place
        self._owner = owner
        self._smallest = smallest

    def networks(
        self, traced: Iterable[tuple[Value, list[Node]]], foreign: set[int]
    ) -> tuple[Network, ...]:
        """Every network with enough affine layers; one that is part of another is left out.

        ``foreign`` are the places that lead to other files: what is built there is read there.
        """
        read: list[tuple[list[Layer], Value, tuple[Part, ...], list[Node]]] = []
        for module, outputs in traced:
            for parts in regions(outputs):
                nodes = flat(parts)
                layers = [n.layer for n in nodes if n.operation == AFFINE and n.layer is not None]
                if len(layers) >= self._smallest:
                    read.append((layers, module, parts, nodes))
        # The longest reading first where one contains another.
        read.sort(key=lambda item: len(item[0]), reverse=True)
        found: dict[Network, None] = {}
        covered: set[int] = set()
        for layers, module, parts, nodes in read:
            members = {id(layer) for layer in layers}
            place = self._place(layers)
            if not members <= covered and id(place) not in foreign:
                owner = self._owner(module)
                network = Network(self._anchor(place), owner, _pieces(parts), _notes(nodes))
                found[network] = None
            covered |= members
        known = {network.anchor for network in found if not network.notes}
        return tuple(n for n in found if not n.notes or n.anchor not in known)

    def recurrences(self, layers: Iterable[Layer], foreign: set[int]) -> tuple[Recurrence, ...]:
        """Every recurrent layer that is made in this file."""
        found = [self._recurrence(layer) for layer in layers if id(layer.node) not in foreign]
        return tuple(dict.fromkeys(found))

    def _recurrence(self, layer: Layer) -> Recurrence:
        get = layer.arguments.get
        default = "tanh" if layer.kind.startswith("RNN") else None
        nonlinearity = folding.resolved(get("nonlinearity", default))
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        names = {part: part if layer.kind.endswith("Cell") else f"{part}_l0" for part in parts}
        own = inits.parameter_names(layer)
        inits_found = [
            (part, init_of(layer, name) if name in own else Init("zeros_"))
            for part, name in names.items()
        ]
        for part in parts[2:]:
            set_apart = forget_gate(layer.fields, names[part])
            if set_apart is not MISSING:
                number = folding.number(set_apart)
                init = None if number is None else Init("constant_", (("val", number),))
                inits_found.append((f"{part} of the forget gate", init))
        return Recurrence(
            self._anchor(layer.node), self._recurrent_owner(layer), layer.kind,
            folding.whole(get("input_size")), folding.whole(get("hidden_size")),
            str(nonlinearity) if isinstance(nonlinearity, str) else None,
            tuple(inits_found),
        )  # fmt: skip

    def _recurrent_owner(self, layer: Layer) -> str:
        owner = self._owner(layer)
        return layer.kind if owner == BARE else owner


def _notes(nodes: list[Node]) -> tuple[str, ...]:
    notes: dict[str, None] = {}
    for node in nodes:
        notes.update(dict.fromkeys(node.notes))
        notes.update(dict.fromkeys(() if node.layer is None else node.layer.notes))
    return tuple(notes)


def _pieces(parts: tuple[Part, ...]) -> tuple[Piece, ...]:
    return tuple(_piece(part) for part in parts)


def _piece(part: Part) -> Piece:
    node, layer = part.node, part.node.layer
    if part.arms or node.operation in {ADD, CONCATENATE, "multiply"}:
        kind = node.operation
        arms = tuple(_pieces(arm) for arm in part.arms)
        return Piece("multiply" if kind == "multiply" else _meeting(kind), node.label, arms=arms)
    if node.operation == AFFINE and layer is not None:
        return Piece("affine", layer.kind, layer=stack_layer(layer, node))
    if node.operation == ACTIVATION:
        numbers = (None,) if node.parameters is None else node.parameters
        return Piece("activation", node.label, numbers=numbers)
    if node.operation == SCALE:
        return Piece("scale", numbers=node.parameters or (None,))
    if node.operation == NORM:
        return _norm(node)
    return _harmless(node)


def _meeting(operation: str) -> Literal["add", "concatenate"]:
    return "add" if operation == ADD else "concatenate"


def _norm(node: Node) -> Piece:
    if node.layer is None:
        # A function is given its weight, if it has one.
        plain = not {"weight", "bias"} & set(node.arguments)
        numbers = (1.0, 0.0) if plain else (None, None)
        return Piece("norm", _NORM_CLASSES.get(node.label, node.label), numbers=(*numbers, None))
    own = inits.parameter_names(node.layer)
    gamma, beta = (
        _constant(node.layer.fields.get(name, MISSING), default) if name in own else default
        for name, default in (("weight", 1.0), ("bias", 0.0))
    )
    groups = folding.number(node.arguments.get("num_groups", UNKNOWN))
    return Piece("norm", node.layer.kind, numbers=(gamma, beta, groups))


def _constant(value: Value, default: float) -> float | None:
    """The root mean square of what an init fills a norm's parameter with."""
    if value is MISSING:
        return default
    if not isinstance(value, InitCall):
        return None
    given = dict(value.arguments)
    if value.name in {"zeros_", "ones_"}:
        return 0.0 if value.name == "zeros_" else 1.0
    if value.name == "constant_":
        return folding.number(given.get("val"))
    if value.name == "normal_":
        mean, std = folding.number(given.get("mean")), folding.number(given.get("std"))
        return None if mean is None or std is None else math.hypot(mean, std)
    return None


def _harmless(node: Node) -> Piece:
    label = catalogue.FUNCTION_CLASSES.get(node.label, node.label)
    get = node.arguments.get
    if "Dropout" in label:
        if folding.truth(get("training", True)) is False and node.layer is None:
            return Piece("reshape", label)
        return Piece("dropout", label, numbers=(folding.number(get("p", 0.5)),))
    if label == "mean over the image":
        return Piece("pool", "AdaptiveAvgPool2d", numbers=(1.0,))
    if label.startswith("Adaptive"):
        size = folding.resolved(get("output_size", UNKNOWN))
        sizes = {folding.whole(side) for side in size} if isinstance(size, tuple) else {size}
        side = folding.number(sizes.pop()) if len(sizes) == 1 else None
        return Piece("pool", label, numbers=(side,))
    if "Pool" in label:
        return Piece("pool", label, window=_pool(label, node))
    if label.startswith(("Upsample", "Interpolate")):
        default = "bilinear" if "Bilinear" in label else "nearest"
        mode = folding.resolved(get("mode", default))
        scale = folding.number(get("scale_factor", UNKNOWN))
        return Piece("resize", mode if isinstance(mode, str) else "", numbers=(scale,))
    if "Pad" in label or label == "pad":
        return Piece("resize", "pad", numbers=(None,))
    return Piece("reshape", label)


def _pool(label: str, node: Node) -> Window:
    given = dict(node.arguments)
    given.setdefault("stride", given.get("kernel_size", UNKNOWN))
    if folding.resolved(given["stride"]) is None:
        given["stride"] = given.get("kernel_size", UNKNOWN)
    return window(given, int(label[-2]))
