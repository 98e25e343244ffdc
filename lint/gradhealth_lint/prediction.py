"""From the facts of a stack to the gain that mean-field theory predicts for it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gradhealth_lint import theory
from gradhealth_lint.activations import Activation, is_known
from gradhealth_lint.stack_inits import describe, distribution

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.network_facts import Stack, StackLayer

#: The layers theory.py covers.
_PREDICTED_KINDS: Final = frozenset({"Linear", "LazyLinear"})
#: Inits whose scale follows from the fan: the gain hardly depends on the width.
SCALED_BY_FAN: Final = frozenset(
    {
        "default", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_", "xavier_uniform_",
        "orthogonal_", "zeros_",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StackPrediction:
    """What ``gradhealth-lint predict`` says of one stack.

    ``total_gain`` is the L2 norm of dL/d(input) in multiples of that of dL/d(output), typical of
    one seed; ``gain_per_layer`` its geometric mean over ``depth`` affine layers. Both are None if
    there is no prediction, and then ``assumed`` ends with the reason. Ratios of gradients: the
    loss's scale and reduction do not matter.
    """

    depth: int
    width: int | None
    activation: str
    init: str
    gain_per_layer: float | None
    total_gain: float | None
    assumed: tuple[str, ...]
    reason: str | None = None
    #: Norms, residuals, dropout and the like that are in it, "" if there are none.
    structure: str = ""
    #: g of weights N(0, g^2 / fan_in) that would keep the gradient. None if there is none, or if
    #: the gradient is kept as it is.
    better_gain: float | None = None
    #: What to do about the gain, "" if it is as it should be or not predicted.
    better: str = ""


@lru_cache(maxsize=1024)
def predict(stack: Stack, limits: Limits) -> StackPrediction:
    """Predict one stack; without numbers if a piece of it is not known or not covered."""
    assumed = list(stack.notes)
    widths = _widths(stack)
    if any(fan is None for pair in widths for fan in pair):
        assumed.append(f"a width is not known: {limits.assumed_width} assumed")
    reason = _obstacle(stack, widths)
    result = None
    if reason is None:
        result = theory.predict(
            [_layer(layer, fans, limits) for layer, fans in zip(stack.layers, widths, strict=True)]
        )
    else:
        assumed.append(f"not predicted: {reason}")
    hidden = [out for _, out in widths[:-1]] or [widths[-1][1]]
    return StackPrediction(
        stack.depth,
        Counter(hidden).most_common(1)[0][0],
        listed(layer.activation for layer in stack.layers[:-1]),
        listed(describe(layer.weight) for layer in stack.layers),
        None if result is None else result.gain_per_layer,
        None if result is None else result.total_gain,
        tuple(assumed),
        reason,
    )


def _widths(stack: Stack) -> list[tuple[int | None, int | None]]:
    """The fans of each layer; an untold fan_in is the fan_out of the layer before."""
    widths: list[tuple[int | None, int | None]] = []
    for layer in stack.layers:
        before = widths[-1][1] if widths else None
        widths.append((before if layer.fan_in is None else layer.fan_in, layer.fan_out))
    return widths


def _obstacle(stack: Stack, widths: list[tuple[int | None, int | None]]) -> str | None:
    """Why there is no prediction, None if there can be one."""
    for layer, fans in zip(stack.layers, widths, strict=True):
        if layer.kind not in _PREDICTED_KINDS:
            return f"nn.{layer.kind} is not covered yet"
        if layer.weight is None or layer.bias is None:
            return "an initialiser is not known"
        if layer.normalised:
            return "it is normalised"
        if not is_known(layer.activation):
            return f"{layer.activation} is not covered yet"
        for init in (layer.weight, layer.bias):
            if init.name not in SCALED_BY_FAN and None in fans:
                return "the width matters for this initialiser and is not known"
            if distribution(init, 1, 1, bias=False) is None:
                return f"the arguments of {init.name} are not known"
    return "it is a residual or gated branch" if stack.residual else None


def _layer(layer: StackLayer, fans: tuple[int | None, int | None], limits: Limits) -> theory.Layer:
    fan_in, fan_out = (limits.assumed_width if fan is None else fan for fan in fans)
    weight = distribution(layer.weight, fan_in, fan_out, bias=False)
    bias = distribution(layer.bias, fan_in, fan_out, bias=True)
    if weight is None or bias is None:
        raise AssertionError("excluded by _obstacle")
    activation = Activation(layer.activation, layer.parameters)
    return theory.Layer(fan_in, fan_out, weight, bias, activation)


def listed(names: Iterable[str]) -> str:
    """Each name once, in the order of first appearance."""
    return ", ".join(dict.fromkeys(names))


def exp(x: float) -> float:
    """Return e^x, inf beyond the range of a double."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
