"""What the rules on depth judge by: a network, its layers in a row, and its prediction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gradhealth_lint.semantics.network_facts import Network, Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.prediction import StackPrediction
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.network_facts import Init, Piece, StackLayer


@dataclass(frozen=True, slots=True)
class Outlook:
    """A network of a file as far as the source tells it, and what is predicted of it.

    ``row`` are its affine layers in forward order, those of arms one after the other, each with
    the activation that follows it; ``activation`` is the one that most hidden layers have, None if
    they have none.
    """

    network: Network
    row: Stack
    activation: str | None
    prediction: StackPrediction


def outlooks(facts: FileFacts, limits: Limits, *, unknown: bool = False) -> Iterator[Outlook]:
    """Every network of a file whose depth and inits the source tells; ``unknown``: its depth."""
    for network in facts.networks:
        told = _told(network)
        row = in_a_row(told)
        if row.depth < limits.smallest_stack:
            continue
        if not unknown and any(_is_unscaled(layer) for layer in row.layers):
            continue
        yield Outlook(told, row, _hidden_activation(row), predicted(told, limits))


@lru_cache(maxsize=128)
def predicted(network: Network, limits: Limits) -> StackPrediction:
    """The prediction of a network, which several rules ask for."""
    # Late: the theory costs 10 ms to load, and most files never get here.
    from gradhealth_lint.networks.prediction import predict_as_it_is

    return predict_as_it_is(network, limits)


def may_be_set(row: Stack, facts: FileFacts) -> bool:
    """Whether other weights may take the place of the default ones before training.

    Trained ones, or those of an init function for such layers that nobody calls in the file.
    """
    meant = {target.kind for use in facts.inits for target in use.targets if target.every}
    left = [layer for layer in row.layers if _named(layer.weight) == "default"]
    return facts.weights_loaded or any(layer.kind in meant for layer in left)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many layers a part of a network has, and what its gradient is multiplied by."""

    depth: int
    per_layer: float
    total: float


def kept(outlook: Outlook, limits: Limits) -> Kept | None:
    """What the hidden layers leave of the gradient; average pools cost the weights nothing.

    None if it is not predicted, or if there are gates: those may close on purpose.
    """
    from gradhealth_lint.networks.prediction import averaged

    part = hidden_part(outlook.network)
    if any(piece.kind == "multiply" for piece in _flat(part.pieces)):
        return None
    prediction = predicted(part, limits) if part.pieces else None
    if prediction is None or prediction.total_gain is None or not prediction.depth:
        return None
    total = prediction.total_gain / averaged(part, limits)
    return Kept(prediction.depth, total ** (1.0 / prediction.depth), total)


def in_a_row(network: Network) -> Stack:
    """The affine layers of a network, each with the activation after it."""
    layers: list[StackLayer] = []
    for piece in _flat(network.pieces):
        if piece.layer is not None:
            layers.append(piece.layer)
        elif piece.kind == "activation" and layers and layers[-1].activation == "identity":
            layers[-1] = replace(layers[-1], activation=piece.label)
    return Stack(network.anchor, network.owner, tuple(layers), notes=network.notes)


def hidden_part(network: Network) -> Network:
    """The network without what shapes its output: a last activation, a last layer's own init."""
    pieces = network.pieces
    ends = [index for index, piece in enumerate(pieces) if _layers(piece)]
    last = pieces[ends[-1]].layer if ends else None
    before = _layers(pieces[ends[-2]]) if len(ends) > 1 else []
    own = last is not None and bool(before) and last.weight != before[-1].weight
    return replace(network, pieces=pieces[: ends[-1] + (not own)] if ends else ())


def parts(network: Network, between: frozenset[str] = frozenset({"norm"})) -> Iterator[Network]:
    """What lies before, between and after its norms, as far as there are layers."""
    part: list[Piece] = []
    for piece in (*network.pieces, None):
        if piece is not None and piece.kind not in between:
            part.append(piece)
        else:
            if any(_layers(one) for one in part):
                yield replace(network, pieces=tuple(part))
            part = []


def has_norms_in_arms(network: Network) -> bool:
    """Whether a branch has a norm: its part in the sum keeps its size."""
    arms = (arm for piece in network.pieces for arm in piece.arms)
    return any(piece.kind == "norm" for arm in arms for piece in _flat(arm))


def _layers(piece: Piece) -> list[StackLayer]:
    return [one.layer for one in _flat((piece,)) if one.layer is not None]


def _told(network: Network) -> Network:
    """The part of a network that is there whatever the untold counts are."""
    if not network.notes:
        return network
    pieces: list[Piece] = []
    dropped = False
    for piece in network.pieces:
        if any(layer.repeated for layer in _layers(piece)):
            dropped = True
        elif not (dropped and piece.kind == "activation"):
            pieces.append(piece)
            dropped = False
    return replace(network, pieces=tuple(pieces), notes=())


def _hidden_activation(row: Stack) -> str | None:
    labels = [layer.activation for layer in row.layers[:-1] if layer.activation != "identity"]
    return Counter(labels).most_common(1)[0][0] if labels else None


def _is_unscaled(layer: StackLayer) -> bool:
    """Whether an init that takes no account of the inputs meets a number of them that is untold."""
    from gradhealth_lint.prediction import SCALED_BY_FAN

    return layer.fan_in is None and _named(layer.weight) not in SCALED_BY_FAN


def _named(init: Init | None) -> str:
    return "" if init is None else init.name


def _flat(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    for piece in pieces:
        for arm in piece.arms:
            yield from _flat(arm)
        yield piece
