"""Activations that grow until they leave the range of floats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from pytest_gradhealth.checks.way import UNEXPLAINED, implied_by_weights, origin_of_scale

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report

_LARGE = 1e3  # a branch that starts at zero ends at ordinary activations, and that is no growth
_SQUARES_OVERFLOW = 1e18  # float32 ends at 3e38, and a loss squares


@dataclass(frozen=True, slots=True)
class Overflow:
    """Activations that grew from layer to layer until they left the range of floats.

    Attributes:
        first: The layer where they start to grow.
        last: The last layer whose output is finite.
        broken: Where it is not: the first layer whose output is not, or the loss.
        growth: The last finite rms over the smallest.
        layers: How many layers were finite.
    """

    first: LayerRecord
    last: LayerRecord
    broken: str
    growth: float
    layers: int

    @property
    def told(self) -> str:
        """A phrase about it."""
        return f"activations grow {self.growth:.1e} times over {self.layers} layers"

    @property
    def where(self) -> str:
        """From where to where."""
        start, end = self.first, self.last
        return (
            f"from {start.name} on, rms {start.activation_rms:.1e} there, "
            f"{end.activation_rms:.1e} at {end.name}, not finite after it"
        )


def growth_to_overflow(report: Report, least: float) -> Overflow | None:
    """How the activations grew before they overflowed; ``None`` where that was no growth.

    Args:
        report: With something in it that is not finite.
        least: The least growth that counts, in multiples of the smallest activation before it.
    """
    layers = [layer for layer in report.layers if layer.weighted]
    finite = list(takewhile(lambda layer: math.isfinite(layer.activation_rms), layers))
    if not finite:
        return None
    largest = finite[-1].activation_rms
    smallest = min((r.activation_rms for r in finite if r.activation_rms), default=largest)
    growth = largest / smallest if largest else 0.0
    if growth < least or largest < _LARGE:
        return None
    first = origin_of_scale(finite) or finite[-1]
    if len(finite) < len(layers):
        following = layers[len(finite)]
        broken = f"{following.name} ({following.kind})"
        return Overflow(first, finite[-1], broken, growth, len(finite))
    if math.isfinite(report.loss) or finite[-1].activation_rms < _SQUARES_OVERFLOW:
        return None
    return Overflow(_source_of(report, first), finite[-1], "the loss", growth, len(finite))


def _source_of(report: Report, grown: LayerRecord) -> LayerRecord:
    """The layer itself where its weights explain the growth; else what ran just before it."""
    position = next(i for i, layer in enumerate(report.layers) if layer is grown)
    before = report.layers[position - 1] if position else grown
    factor = grown.activation_rms / (before.activation_rms or math.inf)
    return before if factor * UNEXPLAINED > implied_by_weights(report, grown) else grown
