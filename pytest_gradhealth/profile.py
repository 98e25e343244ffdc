"""The gradient's way back through a network, read off a report: pure arithmetic, no judgement."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gradhealth.facts import LayerRecord, ParameterRecord, Report

# A side input that joins in the nearer half of the network says nothing of its early layers.
_EARLY_HALF = 2

_TOKEN_AXES = 3


@dataclass(frozen=True, slots=True)
class Tower:
    """One way into the network: an earliest layer and the trunk from it to the loss.

    Attributes:
        first: The earliest layer.
        depth: Weighted layers from ``first`` to the loss, both ends included.
        share: L2 norm of the gradient at ``first``'s output over that at the last layer's.
            Independent of the loss's scale. Under an initialisation that keeps the forward signal,
            1 for any widths (He et al. 2015, section 2.2). NaN where the loss itself sends back
            nothing.
        steady_share: ``share`` without the largest single drop on the trunk. One factor put there
            on purpose (LayerScale, a zero gate) is left out; a fade from layer to layer stays.
        route: The records that every path from ``first`` to the loss crosses, in forward order.
    """

    first: LayerRecord
    depth: int
    share: float
    steady_share: float
    route: tuple[LayerRecord, ...]

    @property
    def per_layer(self) -> float:
        """Geometric mean of the factor by which one layer changes the gradient."""
        steps = self.depth - 1
        if steps < 1 or not math.isfinite(self.share):
            return 1.0
        return math.pow(self.share, 1 / steps)


@dataclass(frozen=True, slots=True)
class Profile:
    """How the gradient changes from the last weighted layers back to the earliest.

    Attributes:
        layers: Weighted modules that the loss depends on, in the order of their first calls.
        last: The layer next to the loss with the largest gradient.
        towers: The ways in that reach back through at least half of the depth, best share first.
        steepness: ``|dL/dw|^2 / (N |dL/dy|^2)`` over the parameters w that are not zero, y being
            the last layer's output of N entries. A lower bound of the largest curvature that a mean
            squared error of y would have, since J J^T has no smaller norm than along dL/dy
            (J = dy/dw), divided by N / 2. Independent of the loss's scale.
    """

    layers: tuple[LayerRecord, ...]
    last: LayerRecord
    towers: tuple[Tower, ...]
    steepness: float

    @property
    def best(self) -> Tower:
        """The way in that gets the most gradient."""
        return self.towers[0]

    def share_of(self, layer: LayerRecord) -> float:
        """The gradient at a layer's output over that at the last layer's."""
        return _ratio(layer.gradient_norm, self.last.gradient_norm)


def side_fade(route: Sequence[LayerRecord]) -> float:
    """The gradient at a side input's first record over that where it joins the trunk.

    The two largest drops are left out: one may be the gate of the branch it is in (LayerScale), one
    the operation by which it enters (a softmax over attention scores).
    """
    share = _ratio(route[0].gradient_norm, route[-1].gradient_norm)
    return _without_largest_drops(route, share, 2)


def loss_scale(report: Report) -> float:
    """By how much the loss is at least larger than a mean-reduced one would be; never under 1.

    For a mean squared error of N entries ``N |dL/dy|^2 = 4 L``, and multiplying the loss by k
    leaves ``N |dL/dy|^2 / (4 L) = k``. Counting rows in place of entries never overestimates k, for
    losses that average over all entries or over rows only (cross-entropy). A number under 1 may
    come from a small loss or from outputs divided after the last layer, so it is left alone.
    """
    profile = profile_of(report)
    if profile is None or report.loss_kind == "random cotangent" or not report.loss:
        return 1.0
    rows = math.prod(profile.last.shape) // max(*profile.last.shape[-1:], 1)
    scale = (profile.last.gradient_norm or 0.0) ** 2 * rows / (4 * abs(report.loss))
    return max(1.0, scale) if math.isfinite(scale) else 1.0


def profile_of(report: Report) -> Profile | None:
    """The report's profile; ``None`` where no weighted layer received a gradient."""
    ways = _modules(report)
    if not ways:
        return None
    layers = tuple(layer for _, layer in ways)
    nearest = min(layer.depth or 0 for layer in layers)
    deepest = max(layer.depth or 0 for layer in layers)
    last = max(
        (layer for layer in layers if layer.depth == nearest),
        key=lambda layer: layer.gradient_norm or 0.0,
    )
    towers = [
        _tower(report, index, layer, last)
        for index, layer in ways
        if layer.depth == deepest or (layer.earliest and _is_early(layer, deepest))
    ]
    towers.sort(key=lambda tower: tower.share, reverse=True)
    return Profile(
        layers=layers, last=last, towers=tuple(towers), steepness=_steepness(report, last)
    )


def arrived_finite(report: Report) -> bool:
    """Whether the loss and every gradient that reached a parameter are finite."""
    return math.isfinite(report.loss) and all(
        math.isfinite(parameter.gradient_rms or 0.0) for parameter in report.parameters
    )


def _steepness(report: Report, last: LayerRecord) -> float:
    arrived = sum(
        (p.gradient_rms or 0.0) ** 2 * math.prod(p.shape)
        for p in report.parameters
        if math.isfinite(p.gradient_rms or 0.0) and p.value_rms > 0 and not _is_token(p)
    )
    sent = (last.gradient_norm or 0.0) ** 2 * math.prod(last.shape)
    return arrived / sent if sent and math.isfinite(sent) else 0.0


def _is_token(parameter: ParameterRecord) -> bool:
    """A vector held as (1, 1, features): a class or mask token.

    Like parameters that start at zero it may stand alone before a LayerNorm, whose slope is up to
    1 / sqrt(eps) there, and is ordinary again after one step.
    """
    if len(parameter.shape) < _TOKEN_AXES:
        return False
    return sum(size > 1 for size in parameter.shape) <= 1


def _modules(report: Report) -> list[tuple[int, LayerRecord]]:
    """Each weighted module once, with the index of the call that got the most gradient.

    A module called several times, such as a cell unrolled over time, learns from all its calls
    together, as far from the loss as the nearest of them: early steps that get nothing are a matter
    of reach through time, not of a layer that does not learn.
    """
    calls: dict[str, list[tuple[int, LayerRecord]]] = {}
    for index, layer in enumerate(report.layers):
        if layer.weighted and layer.depth is not None and layer.gradient_norm is not None:
            calls.setdefault(layer.path, []).append((index, layer))
    modules = []
    for made in calls.values():
        most, only = max(made, key=lambda call: call[1].gradient_norm or 0.0)
        if len(made) == 1 and only.call == 0:
            modules.append((most, only))
            continue
        nearest = min((layer for _, layer in made), key=lambda layer: layer.depth or 0)
        together = math.hypot(*(layer.gradient_norm or 0.0 for _, layer in made))
        modules.append(
            (
                most,
                dataclasses.replace(
                    nearest,
                    call=0,
                    gradient_norm=together,
                    earliest=any(layer.earliest for _, layer in made),
                ),
            )
        )
    return modules


def _is_early(layer: LayerRecord, deepest: int) -> bool:
    return (layer.depth or 0) * _EARLY_HALF >= deepest


def _tower(report: Report, index: int, first: LayerRecord, last: LayerRecord) -> Tower:
    route = report.route(index)
    share = _ratio(first.gradient_norm, last.gradient_norm)
    steady = _without_largest_drops(route, share, 1)
    return Tower(first=first, depth=first.depth or 1, share=share, steady_share=steady, route=route)


def _without_largest_drops(route: Sequence[LayerRecord], share: float, count: int) -> float:
    norms = [record.gradient_norm or 0.0 for record in route]
    steps = [_ratio(above, below) for above, below in pairwise(norms)]
    drops = sorted(step for step in steps if step < 1)  # a NaN step has nothing on either side
    worst = math.prod(drops[:count])
    return share / worst if worst else math.prod(step for step in steps if step > 0)


def _ratio(above: float | None, below: float | None) -> float:
    if not below:
        return math.inf if above else math.nan
    return (above or 0.0) / below
