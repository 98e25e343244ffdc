"""Which layer a fall or a growth of the gradient is to be blamed on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_gradhealth.checks.onset import MAIN_PART, TINY, onset_of_fall
from pytest_gradhealth.checks.table import weights_of

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report
    from pytest_gradhealth.profile import Profile, Tower

# A layer whose gradient falls by so much more than its weights make it is not what makes it fall.
UNEXPLAINED = 0.05

_EXPLAINS = 0.5  # of a change, in decades

_MOSTLY = 2  # weighted layers are the way where at least every second one is on the trunk
_LONG_STRETCHES = 4  # a stretch off the trunk is long where it takes a quarter of the depth
_FEW = 3  # large steps; more of them are a stretch
_LARGE_STEP = math.log(1e2)  # more than any activation or layer of a chain does by itself


def way_of(profile: Profile, tower: Tower) -> tuple[LayerRecord, ...]:
    """The records from a tower's first layer to the loss along which its gradient is followed.

    In a chain its weighted layers, since an activation's own factor says little by itself. In a
    residual network what every path crosses, since the inside of a branch is not on the way. Where
    layers run side by side for long stretches, the one with the largest gradient at each depth.
    """
    weighted = tuple(layer for layer in tower.route if layer.weighted)
    if len(weighted) * _MOSTLY >= tower.depth:
        return weighted
    gaps = [(a.depth or 0) - (b.depth or 0) for a, b in pairwise(tower.route)]
    if max(gaps, default=0) * _LONG_STRETCHES < tower.depth:
        return tower.route
    crossed = {layer.depth: layer for layer in weighted}
    crossed[tower.first.depth] = tower.first
    beside: dict[int, LayerRecord] = {}
    for layer in profile.layers:
        depth = layer.depth or 0
        known = beside.get(depth)
        if known is None or (layer.gradient_norm or 0.0) > (known.gradient_norm or 0.0):
            beside[depth] = layer
    depths = range(tower.depth, 0, -1)
    found = (crossed.get(depth) or beside.get(depth) for depth in depths)
    return tuple(layer for layer in found if layer is not None)


def origin_of_fade(report: Report, profile: Profile, tower: Tower) -> tuple[LayerRecord, str]:
    """The layer where a loss of gradient starts, in forward order, and a sentence about it."""
    abrupt = _abrupt(tower)
    if abrupt is not None:
        return _one_step(report, tower, *abrupt)
    way = way_of(profile, tower)
    norms = [layer.gradient_norm or 0.0 for layer in way]
    onset = onset_of_fall(norms[::-1])
    if onset is None:
        return tower.first, f"at {tower.first.name}"
    nearest, farthest = (len(way) - 1 - step for step in (onset.first, onset.last))
    if onset.sudden:
        return _one_step(report, tower, way[nearest - 1], way[nearest])
    start = 0 if norms[farthest - 1] == 0.0 else farthest - 1
    stands_apart = _is_a_stem(way[start : nearest + 1])
    if norms[start] and not stands_apart:
        stands_apart = _is_the_next(report, way[start], way[start + 1])
    first = way[start + 1 if stands_apart else start]
    factor = _per_layer(norms[way.index(first)], norms[nearest], first, way[nearest])
    told = f"shrinks x{factor:.2g} per layer from {way[nearest].name} back to {first.name}"
    return first, told


def _per_layer(above: float, below: float, first: LayerRecord, last: LayerRecord) -> float:
    """Geometric mean of the factor by which a layer between two changes the gradient."""
    layers = max((first.depth or 0) - (last.depth or 0), 1)
    return math.pow(above / below, 1 / layers) if below else 0.0


def _is_the_next(report: Report, first: LayerRecord, second: LayerRecord) -> bool:
    """Whether the second's weights change the gradient between two layers, and the first's do not.

    Between the outputs of two layers lie the first's activation and the second's weights.
    """
    if not (first.gradient_norm and second.gradient_norm and second.weighted):
        return False
    changes = math.log(first.gradient_norm / second.gradient_norm)
    own, following = implied_by_weights(report, first), implied_by_weights(report, second)
    if not (own and following and changes):
        return False
    explained = math.log(following) / changes
    return explained > _EXPLAINS and math.log(own) / math.log(following) < _EXPLAINS


def _is_a_stem(stretch: Sequence[LayerRecord]) -> bool:
    """Whether the first of the layers stands apart from a container that all the others share."""
    tops = [layer.path.rpartition(".")[0].partition(".")[0] for layer in stretch]
    return len(tops) > 2 and tops[0] != tops[1] != "" and len(set(tops[1:-1])) == 1  # noqa: PLR2004


def _abrupt(tower: Tower) -> tuple[LayerRecord, LayerRecord] | None:
    """The first of a few steps that make most of the loss, each a large one."""
    norms = [layer.gradient_norm or 0.0 for layer in tower.route]
    if len(norms) < 2 or not norms[-1]:  # noqa: PLR2004  # two ends of a step
        return None
    falls = [math.log(max(b, TINY) / max(a, TINY)) for a, b in pairwise(norms)]
    large = [index for index, fall in enumerate(falls) if fall > _LARGE_STEP]
    gaps = [(a.depth or 0) - (b.depth or 0) for a, b in pairwise(tower.route)]
    if not 0 < len(large) <= _FEW or any(gaps[index] > 1 for index in large):
        return None
    total = sum(fall for fall in falls if fall > 0)
    if sum(falls[index] for index in large) < MAIN_PART * total:
        return None
    return tower.route[large[0]], tower.route[large[0] + 1]


def origin_of_growth(report: Report, profile: Profile, tower: Tower) -> tuple[LayerRecord, str]:
    """The layer where a growth of the gradient starts, in forward order, and a sentence."""
    way = way_of(profile, tower)
    norms = [layer.gradient_norm or 0.0 for layer in way]
    onset = onset_of_fall(norms)
    if onset is None:
        return tower.first, f"at {tower.first.name}"
    if onset.sudden:
        layer = way[onset.first + 1]
        factor = norms[onset.first] / (norms[onset.first + 1] or math.inf)
        implied = implied_by_weights(report, layer)
        if layer.weighted and implied and factor * UNEXPLAINED > implied:
            before = way[onset.first]
            told = f"between {before.name} ({before.kind}) and {layer.name} ({layer.kind})"
            return before, f"{told}: multiplies by {factor:.1e}, more than their weights explain"
        return layer, f"{layer.name} ({layer.kind}) alone multiplies by {factor:.1e}"
    last = way[min(onset.last + 1, len(way) - 1)]
    start = onset.first
    if _is_the_next(report, way[start], way[start + 1]):
        start += 1
    layer = way[start]
    factor = _per_layer(norms[start], norms[way.index(last)], layer, last)
    return layer, f"grows x{factor:.3g} per layer from {last.name} back to {layer.name}"


def origin_of_scale(layers: Sequence[LayerRecord]) -> LayerRecord | None:
    """The layer where activations start to grow, from a scale of one; ``None`` where they do not.

    Args:
        layers: The way, in forward order.
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
    if blamed.weighted and factor < UNEXPLAINED * implied_by_weights(report, blamed):
        told = f"between {before.name} ({before.kind}) and {blamed.name} ({blamed.kind})"
        return before, f"{told}: passes on x{factor:.1e}, more than their weights explain"
    return blamed, f"{blamed.name} ({blamed.kind}) alone passes on x{factor:.1e}"


def implied_by_weights(report: Report, layer: LayerRecord) -> float:
    """The factor by which random weights of this size change a gradient: rms * sqrt(fan-in)."""
    for parameter in weights_of(report, layer):
        if parameter.shape:
            fan_in = math.prod(parameter.shape) / max(parameter.shape[0], 1)
            return parameter.value_rms * math.sqrt(fan_in)
    return 0.0
