"""The gradient's way back through a network, read off a report: pure arithmetic, no judgement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report


@dataclass(frozen=True, slots=True)
class Profile:
    """How the gradient changes from the last weighted layers back to the earliest.

    Attributes:
        layers: Weighted layers that the loss depends on, in forward order.
        first: The earliest layer: the one with the most weighted layers between it and the loss.
        last: The layer next to the loss with the largest gradient.
        share: L2 norm of the gradient at ``first``'s output over that at ``last``'s. Independent of
            the loss's scale. Under an initialisation that keeps the forward signal, 1 for any
            widths (He et al. 2015, section 2.2). NaN where the loss itself sends back nothing.
        depth: Weighted layers from ``first`` to the loss, both ends included.
    """

    layers: tuple[LayerRecord, ...]
    first: LayerRecord
    last: LayerRecord
    share: float
    depth: int

    @property
    def per_layer(self) -> float:
        """Geometric mean of the factor by which one layer changes the gradient."""
        steps = self.depth - 1
        if steps < 1 or not math.isfinite(self.share):
            return 1.0
        return math.pow(self.share, 1 / steps)

    def share_of(self, layer: LayerRecord) -> float:
        """The gradient at a layer's output over that at the last layer's."""
        return _ratio(layer.gradient_norm, self.last.gradient_norm)


def profile_of(report: Report) -> Profile | None:
    """The report's profile; ``None`` where no weighted layer received a gradient."""
    layers = tuple(
        layer
        for layer in report.layers
        if layer.weighted and layer.depth is not None and layer.gradient_norm is not None
    )
    if not layers:
        return None
    nearest = min(layer.depth or 0 for layer in layers)
    depth = max(layer.depth or 0 for layer in layers)
    last = max((layer for layer in layers if layer.depth == nearest), key=_gradient)
    first = max((layer for layer in layers if layer.depth == depth), key=_gradient)
    share = _ratio(first.gradient_norm, last.gradient_norm)
    return Profile(layers=layers, first=first, last=last, share=share, depth=depth)


def _gradient(layer: LayerRecord) -> float:
    return layer.gradient_norm or 0.0


def _ratio(above: float | None, below: float | None) -> float:
    if not below:
        return math.inf if above else math.nan
    return (above or 0.0) / below
