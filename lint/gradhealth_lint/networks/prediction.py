"""What ``gradhealth-lint predict`` says of a network: numbers, or why there are none."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint.networks.backward import total_log
from gradhealth_lint.networks.better import weight_gain
from gradhealth_lint.networks.builder import Builder
from gradhealth_lint.networks.shape import Shape, UnknownPieceError, WrongSizeError
from gradhealth_lint.networks.steps import Pool, Step
from gradhealth_lint.prediction import StackPrediction, exp, listed, predict
from gradhealth_lint.semantics.network_facts import Init, Stack, StackLayer
from gradhealth_lint.stack_inits import SCALED, describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.network_facts import Network, Piece

#: Total gains beyond it are as good as 0.
_LEAST: Final = 1e-300
_SCALE: Final = "weights with std {:.3g} / sqrt(fan_in) and zero biases keep it"
_NO_SCALE: Final = "no std of weights up to {:g} / sqrt(fan_in) keeps it"
#: Sides of images to try where a Linear says how large they are, the usual ones first.
_SIDES: Final = (28, 64, 224, 16, 8, 96, 128, 48, 256, 299, 384, 512, *range(1, 161))


def predict_network(network: Network, limits: Limits) -> StackPrediction:
    """Predict one network, and what a better scale of its weights would do."""
    found = predict_as_it_is(network, limits)
    gain = found.total_gain
    if gain is None or 1.0 / limits.kept_gain <= gain <= limits.kept_gain:
        return found

    def log_total(g: float) -> float:
        total = predict_as_it_is(_scaled(network, g), limits).total_gain
        return math.log(min(max(total or 0.0, _LEAST), 1.0 / _LEAST))

    try:
        better = weight_gain(log_total, limits)
    except UnknownPieceError:
        better = None
    if better is None:
        return replace(found, better=_NO_SCALE.format(limits.largest_weight_gain))
    return replace(found, better_gain=better, better=_SCALE.format(better))


def _scaled(network: Network, gain: float) -> Network:
    """The network with weights N(0, gain^2 / fan_in) and zero biases."""
    return replace(network, pieces=tuple(_scaled_piece(piece, gain) for piece in network.pieces))


def _scaled_piece(piece: Piece, gain: float) -> Piece:
    layer = piece.layer
    if layer is not None:
        weight = Init(SCALED, (("gain", gain),))
        layer = replace(layer, weight=weight, bias=Init("zeros_"))
    arms = tuple(tuple(_scaled_piece(inner, gain) for inner in arm) for arm in piece.arms)
    return replace(piece, layer=layer, arms=arms)


def predict_as_it_is(network: Network, limits: Limits) -> StackPrediction:
    """Predict one network, without asking what a better scale would do."""
    plain = _plain_stack(network)
    if plain is not None:
        return predict(plain, limits)
    layers = [piece.layer for piece in _all(network.pieces) if piece.layer is not None]
    assumed = list(network.notes)
    depth = _depth(network.pieces)
    log: float | None = None
    reason = None
    try:
        builder, steps, units = _built(network, limits)
        log, _ = total_log(steps, units)
        if builder.assumed_width:
            assumed.append(f"a width is not known: {limits.assumed_width} assumed")
        if builder.assumed_side and not builder.told:
            assumed.append(f"images of side {builder.side} assumed")
    except UnknownPieceError as error:
        reason = str(error)
        assumed.append(f"not predicted: {reason}")
    widths = [_width(layer) for layer in layers]
    inner = widths[:-1] or widths
    return StackPrediction(
        depth,
        Counter(inner).most_common(1)[0][0],
        listed(p.label for p in _all(network.pieces) if p.kind == "activation") or "identity",
        listed(describe(layer.weight) for layer in layers),
        None if log is None else exp(log / depth),
        None if log is None else exp(log),
        tuple(assumed),
        reason,
        listed(_structure(network)),
    )


def _built(network: Network, limits: Limits) -> tuple[Builder, tuple[Step, ...], int]:
    """The steps for images of the first side that fits."""
    for side in (limits.assumed_side, *_SIDES):
        builder = Builder(limits, side)
        try:
            units = _first_units(network.pieces) or limits.assumed_width
            steps, _ = builder.build(network.pieces, Shape(units))
        except WrongSizeError:
            continue
        return builder, steps, units
    raise UnknownPieceError("no size of image fits its layers")


def averaged(network: Network, limits: Limits) -> float:
    """What average pools outside arms take of a gradient's L2 norm: 1 / sqrt(n) over n positions.

    Weights below one lose nothing by it: their gradients add up over the positions.
    """
    try:
        _, steps, _ = _built(network, limits)
    except UnknownPieceError:
        return 1.0
    means = [step.count for step in steps if isinstance(step, Pool) and step.how == "mean"]
    return 1.0 / math.sqrt(math.prod(means))


def _first_units(pieces: tuple[Piece, ...]) -> int | None:
    """The units (channels) that come in, None if the source does not tell."""
    for piece in pieces:
        if piece.layer is not None:
            window = piece.layer.window
            return piece.layer.fan_in if window is None else window.inputs
        for arm in piece.arms:
            found = _first_units(arm)
            if found is not None:
                return found
    return None


def _plain_stack(network: Network) -> Stack | None:
    """The network as a stack if it is a chain of Linears with activations and nothing else."""
    layers: list[StackLayer] = []
    for piece in network.pieces:
        if piece.kind == "reshape":
            continue
        if piece.kind == "affine" and piece.layer is not None and piece.layer.window is None:
            layers.append(piece.layer)
        elif piece.kind == "activation" and layers and layers[-1].activation == "identity":
            numbers = tuple(number for number in piece.numbers if number is not None)
            if len(numbers) < len(piece.numbers) or piece.label == "glu":
                return None
            layers[-1] = replace(layers[-1], activation=piece.label, parameters=numbers)
        else:
            return None
    return Stack(network.anchor, network.owner, tuple(layers), notes=network.notes)


def _all(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Every piece, those of arms before the place where they meet."""
    for piece in pieces:
        for arm in piece.arms:
            yield from _all(arm)
        yield piece


def _depth(pieces: tuple[Piece, ...]) -> int:
    """The affine layers on the longest way through."""
    return sum(
        (piece.layer is not None) + max((_depth(arm) for arm in piece.arms), default=0)
        for piece in pieces
    )


def _structure(network: Network) -> Iterator[str]:
    """What is in it besides layers and activations, in the order of its first appearance."""
    for piece in _all(network.pieces):
        if piece.kind == "add":
            yield "residual"
        elif piece.kind == "multiply":
            yield "gate"
        elif piece.kind in {"concatenate", "dropout", "pool", "norm", "scale", "resize"}:
            yield piece.kind if piece.kind in {"concatenate", "scale", "resize"} else piece.label


def _width(layer: StackLayer) -> int | None:
    return layer.fan_out if layer.window is None else layer.window.outputs
