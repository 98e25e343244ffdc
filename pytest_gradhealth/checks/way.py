"""Which layer a fall or a growth of the gradient is to be blamed on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_gradhealth.checks.onset import onset_of_fall

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.profile import Profile, Tower

# A layer whose gradient falls by so much more than its weights make it is not what makes it fall.
_UNEXPLAINED = 0.05


def weighted_way(profile: Profile, tower: Tower) -> tuple[LayerRecord, ...]:
    """The weighted layers from a tower's first to the loss, in forward order, one a depth.

    Of the layers that every path crosses; where several run side by side, the one with the largest
    gradient at each depth between.
    """
    crossed = {layer.depth: layer for layer in tower.route if layer.weighted}
    crossed[tower.first.depth] = tower.first
    beside: dict[int, LayerRecord] = {}
    for layer in profile.layers:
        depth = layer.depth or 0
        known = beside.get(depth)
        if known is None or (layer.gradient_norm or 0.0) > (known.gradient_norm or 0.0):
            beside[depth] = layer
    depths = range(tower.first.depth or 1, 0, -1)
    found = (crossed.get(depth) or beside.get(depth) for depth in depths)
    return tuple(layer for layer in found if layer is not None)


def origin_of_fade(report: Report, profile: Profile, tower: Tower) -> tuple[LayerRecord, str]:
    """The layer where a loss of gradient starts, in forward order, and a sentence about it."""
    way = weighted_way(profile, tower)
    norms = [layer.gradient_norm or 0.0 for layer in way]
    onset = onset_of_fall(norms[::-1])
    if onset is None:
        return tower.first, f"at {tower.first.name}"
    nearest, farthest = (len(way) - 1 - step for step in (onset.first, onset.last))
    if onset.sudden:
        return _one_step(report, tower, way[nearest - 1], way[nearest])
    first = way[0 if norms[farthest - 1] == 0.0 else farthest - 1]
    return first, f"shrinks x{tower.per_layer:.2g} per layer from {way[nearest].name} back"


def origin_of_growth(profile: Profile, tower: Tower) -> tuple[LayerRecord, str]:
    """The layer where a growth of the gradient starts, in forward order, and a sentence."""
    way = weighted_way(profile, tower)
    norms = [layer.gradient_norm or 0.0 for layer in way]
    onset = onset_of_fall(norms)
    if onset is None:
        return tower.first, f"at {tower.first.name}"
    if onset.sudden:
        layer = way[onset.first + 1]
        factor = norms[onset.first] / (norms[onset.first + 1] or math.inf)
        return layer, f"{layer.name} ({layer.kind}) alone multiplies by {factor:.1e}"
    last = way[min(onset.last + 1, len(way) - 1)]
    layer = way[onset.first]
    return layer, f"grows x{tower.per_layer:.3g} per layer from {last.name} back to {layer.name}"


def origin_of_scale(layers: Sequence[LayerRecord]) -> LayerRecord | None:
    """The layer where activations start to grow, from a scale of one; ``None`` where they do not.

    Args:
        layers: Weighted layers in forward order.
    """
    scales = [1.0, *(layer.activation_rms for layer in layers)]
    onset = onset_of_fall([1 / scale if scale > 0 else math.inf for scale in scales])
    return None if onset is None else layers[onset.first]


def _one_step(
    report: Report, tower: Tower, above: LayerRecord, below: LayerRecord
) -> tuple[LayerRecord, str]:
    """What lies between two layers that loses the gradient: a module, or a function call."""
    factor = (above.gradient_norm or 0.0) / (below.gradient_norm or math.inf)
    route = list(tower.route)
    if above in route and below in route:
        inside = route[route.index(above) : route.index(below) + 1]
        norms = [layer.gradient_norm or 0.0 for layer in inside]
        steps = [a / b if b else 1.0 for a, b in pairwise(norms)]
        worst = min(range(len(steps)), key=lambda index: steps[index])
        blamed, before = inside[worst + 1], inside[worst]
    else:
        blamed, before = below, above
    if blamed.weighted and factor < _UNEXPLAINED * _implied(report, blamed):
        told = f"between {before.name} ({before.kind}) and {blamed.name} ({blamed.kind})"
        return before, f"{told}: passes on x{factor:.1e}, more than their weights explain"
    return blamed, f"{blamed.name} ({blamed.kind}) alone passes on x{factor:.1e}"


def _implied(report: Report, layer: LayerRecord) -> float:
    """The factor by which random weights of this size change a gradient: rms * sqrt(fan-in)."""
    for parameter in report.parameters:
        if parameter.is_weight and parameter.owner == layer.path:
            fan_in = math.prod(parameter.shape) / max(parameter.shape[0], 1)
            return parameter.value_rms * math.sqrt(fan_in)
    return 0.0
