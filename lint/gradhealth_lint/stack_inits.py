"""Inits as facts: the distributions they stand for, and how a user would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint import initializers

if TYPE_CHECKING:
    from gradhealth_lint.initializers import Distribution
    from gradhealth_lint.semantics.network_facts import Init


#: Not torch's: N(0, gain^2 / fan_in), for what a better init would do.
SCALED: Final = "scaled"


def distribution(
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
        if name == SCALED:
            return initializers.Distribution(0.0, float(values["gain"] or 0.0) ** 2 / fan_in)
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


def spread(init: Init, mean_over_std: float) -> float | None:
    """The standard deviation of a centred draw, None if it is another init or not known.

    Centred is a mean of at most ``mean_over_std`` standard deviations.
    """
    drawn = distribution(init, 1, 1, bias=False) if init.name in _WITHOUT_FAN else None
    if drawn is None:
        return None
    std = drawn.variance**0.5
    return std if abs(drawn.mean) <= mean_over_std * std else None


_WITHOUT_FAN: Final = frozenset({"normal_", "uniform_", "trunc_normal_"})
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
