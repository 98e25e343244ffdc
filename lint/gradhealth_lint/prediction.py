"""From the facts of a stack to the gain that mean-field theory predicts for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gradhealth_lint import initializers, theory
from gradhealth_lint.activations import Activation, is_known

if TYPE_CHECKING:
    from gradhealth_lint.initializers import Distribution
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import Init, Stack, StackLayer

#: The layers theory.py covers.
_PREDICTED_KINDS: Final = frozenset({"Linear", "LazyLinear"})
#: Inits whose scale follows from the fan: the gain hardly depends on the width.
_SCALED: Final = frozenset(
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
        _listed(layer.activation for layer in stack.layers[:-1]),
        _listed(describe(layer.weight) for layer in stack.layers),
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
            if init.name not in _SCALED and None in fans:
                return "the width matters for this initialiser and is not known"
            if _distribution(init, 1, 1, bias=False) is None:
                return f"the arguments of {init.name} are not known"
    return "it is a residual or gated branch" if stack.residual else None


def _layer(layer: StackLayer, fans: tuple[int | None, int | None], limits: Limits) -> theory.Layer:
    fan_in, fan_out = (limits.assumed_width if fan is None else fan for fan in fans)
    weight = _distribution(layer.weight, fan_in, fan_out, bias=False)
    bias = _distribution(layer.bias, fan_in, fan_out, bias=True)
    if weight is None or bias is None:
        raise AssertionError("excluded by _obstacle")
    activation = Activation(layer.activation, layer.parameters)
    return theory.Layer(fan_in, fan_out, weight, bias, activation)


def _distribution(
    init: Init | None, fan_in: int, fan_out: int, *, bias: bool
) -> Distribution | None:
    """The distribution an init gives one entry, None if it is not known or not covered."""
    if init is None:
        return None
    values = dict(init.arguments)
    if None in values.values():
        return None
    name = init.name
    try:
        if name == "default":
            make = initializers.default_bias if bias else initializers.default_weight
            return make(fan_in)
        if name == "zeros_":
            return initializers.ZERO
        if name == "ones_":
            return initializers.constant(1.0)
        if name == "constant_":
            return initializers.constant(float(values["val"] or 0.0))
        numbers = {key: float(v) for key, v in values.items() if isinstance(v, (int, float))}
        if name == "normal_":
            return initializers.normal(**numbers)
        if name == "uniform_":
            return initializers.uniform(**numbers)
        if name == "trunc_normal_":
            return initializers.trunc_normal(**numbers)
        if name in {"xavier_normal_", "xavier_uniform_"}:
            return initializers.xavier(fan_in, fan_out, **numbers)
        if name == "orthogonal_":
            return initializers.orthogonal(fan_in, fan_out, **numbers)
        if name in {"kaiming_normal_", "kaiming_uniform_"}:
            return initializers.kaiming(
                fan_in,
                fan_out,
                a=numbers["a"],
                mode=str(values["mode"]),
                nonlinearity=str(values["nonlinearity"]),
            )
    except (TypeError, ValueError, KeyError):  # torch would refuse these arguments as well
        return None
    return None


#: torch's own defaults, which a description leaves out.
_UNSAID: Final[dict[str, object]] = {
    "gain": 1.0, "a": 0.0, "mode": "fan_in", "nonlinearity": "leaky_relu",
}  # fmt: skip
_SAID_FULLY: Final = frozenset({"normal_", "uniform_", "constant_", "trunc_normal_"})


def describe(init: Init | None) -> str:
    """An init as a user would write it: ``normal_(mean=1.5, std=0.1)``, ``default``."""
    if init is None:
        return "unknown"
    said = [
        f"{key}={'?' if value is None else _number(value)}"
        for key, value in init.arguments
        if value != _UNSAID.get(key, ...) or init.name in _SAID_FULLY
    ]
    if init.name == "trunc_normal_":
        said = said[:2]
    return f"{init.name}({', '.join(said)})" if said else init.name


def _number(value: float | str) -> str:
    return repr(value) if isinstance(value, str) else f"{value:g}"


def _listed(names: object) -> str:
    unique = dict.fromkeys(names) if hasattr(names, "__iter__") else {}
    return ", ".join(unique)
