"""The gradient's and the activations' profile over the layers, as the notebooks draw it."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from pytest_gradhealth.facts import LayerRecord, Report

# Readable on white and on near-black, and apart for the colour-blind (Okabe and Ito, 2008).
_GRADIENT: Final = "#d55e00"
_ACTIVATION: Final = "#0072b2"
_NEUTRAL: Final = "#808080"
_INCHES: Final = (7.2, 2.8)


def profile_figure(report: Report) -> Figure:
    """A log plot over the weighted layers in forward order.

    Gradient: L2 norm of dL/d(output), relative to the largest. Activation: rms. The two differ by
    marker as well as by colour. Zeros and non-finite numbers leave a gap.
    """
    figure = Figure(figsize=_INCHES, layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0.0)
    layers = [layer for layer in report.layers if layer.weighted]
    largest = max((_gradient(layer) for layer in layers), default=0.0) or 1.0
    positions = range(1, len(layers) + 1)
    gradients = [_visible(_gradient(layer) / largest) for layer in layers]
    activations = [_visible(layer.activation_rms) for layer in layers]
    axes.plot(positions, gradients, "o-", color=_GRADIENT, ms=3.5, lw=1.4, label="gradient")
    axes.plot(positions, activations, "s--", color=_ACTIVATION, ms=3, lw=1.0, label="activation")
    if any(math.isfinite(number) for number in (*gradients, *activations)):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("layer, input to output", color=_NEUTRAL)
    axes.tick_params(colors=_NEUTRAL, which="both")
    axes.grid(visible=True, color=_NEUTRAL, alpha=0.25, lw=0.5)
    for spine in axes.spines.values():
        spine.set_color(_NEUTRAL)
    axes.legend(frameon=False, labelcolor=_NEUTRAL, ncols=2, loc="best")
    return figure


def profile_svg(report: Report) -> str:
    """``profile_figure`` as an ``<svg>`` element to put into a page."""
    buffer = io.StringIO()
    # Without a date the same report gives the same bytes.
    profile_figure(report).savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _gradient(layer: LayerRecord) -> float:
    norm = layer.gradient_norm or 0.0
    return norm if math.isfinite(norm) else 0.0


def _visible(number: float) -> float:
    return number if math.isfinite(number) and number > 0 else math.nan
