"""A golden profile: what it holds, read off reports, and its JSON, one line a layer."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.profile import profile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gradhealth.facts import Report

#: The version of the file format; a file of a later one is refused.
VERSION: Final = 1
_FORMAT: Final = "gradhealth_baseline"
_KEYS: Final = (_FORMAT, "model", "layers")
_LAYER_KEYS: Final = ("path", "kind", "weight", "share", "noise")
#: What the numbers are rounded to: more would change from machine to machine.
_SHARE_DIGITS: Final = 3
_NOISE_DIGITS: Final = 2
#: The ends of git's conflict markers.
_CONFLICT: Final = ("<<<<<<< ", ">>>>>>> ")


@dataclass(frozen=True, slots=True)
class GoldenLayer:
    """One layer with weights.

    Attributes:
        path: Its dotted module path.
        kind: Class name of the module.
        weight: Shape of its first matrix or kernel; empty where it holds none itself.
        share: L2 norm of the gradient at its output over that at the last layer's, the geometric
            mean of some seeds. Independent of the loss's scale; 0.0 where none arrives.
        noise: Factor by which the seeds differ from that at most, at least 1.
    """

    path: str
    kind: str
    weight: tuple[int, ...]
    share: float
    noise: float


@dataclass(frozen=True, slots=True)
class Golden:
    """A model's gradient profile, its layers in forward order."""

    model: str
    layers: tuple[GoldenLayer, ...]

    def to_json(self) -> str:
        """The file's text: a line a layer, so that a diff shows the layers that changed."""
        rows = [
            json.dumps(
                {
                    "path": layer.path,
                    "kind": layer.kind,
                    "weight": list(layer.weight),
                    "share": layer.share,
                    "noise": layer.noise,
                },
                ensure_ascii=False,
            )
            for layer in self.layers
        ]
        head = f'{{\n  "{_FORMAT}": {VERSION},\n  "model": {json.dumps(self.model)},\n'
        body = ",\n".join(f"    {row}" for row in rows)
        return f'{head}  "layers": [\n{body}\n  ]\n}}\n'

    @classmethod
    def from_json(cls, text: str) -> Golden:
        """What ``to_json`` wrote.

        Raises:
            ValueError: The text is something else; says in a few words what.
        """
        if any(line.startswith(_CONFLICT) for line in text.splitlines()):
            msg = "holds the marks of a merge conflict"
            raise ValueError(msg)
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            msg = f"is not JSON: line {error.lineno}, {error.msg.lower()}"
            raise ValueError(msg) from error
        if not isinstance(data, dict) or _FORMAT not in data:
            msg = f'is no gradient profile: it has no "{_FORMAT}"'
            raise ValueError(msg)
        version = data[_FORMAT]
        if isinstance(version, int) and version > VERSION:
            msg = f"is of format {version}, and this version reads up to {VERSION}"
            raise ValueError(msg)
        if version != VERSION or isinstance(version, bool):
            msg = f"has an unknown format, {version!r}"
            raise ValueError(msg)
        _check_keys("the file", data, _KEYS)
        if not isinstance(data["model"], str) or not isinstance(data["layers"], list):
            msg = 'has a "model" that is no text, or "layers" that are no list'
            raise ValueError(msg)
        layers = tuple(_layer(index, one) for index, one in enumerate(data["layers"], start=1))
        paths = [layer.path for layer in layers]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None or not layers:
            msg = "has no layers" if twice is None else f"has layer {twice!r} twice"
            raise ValueError(msg)
        return cls(data["model"], layers)


def golden_of(reports: Sequence[Report]) -> Golden:
    """The profile that some passes over one model agree on.

    Args:
        reports: Passes with different seeds; at least one.

    Raises:
        ProbeError: No layer with weights received a gradient, or the loss or one is not finite.
    """
    shares: dict[str, list[float]] = {}
    kinds: dict[str, str] = {}
    for report in reports:
        if not math.isfinite(report.loss) or report.nonfinite_backward:
            msg = "the loss or a gradient is not finite; assert_finite says more"
            raise ProbeError(msg)
        profile = profile_of(report)
        if profile is None:
            msg = "no layer with weights received a gradient, so there is no profile to compare"
            raise ProbeError(msg)
        for layer in profile.layers:
            share = profile.share_of(layer)
            if not math.isfinite(share):
                msg = f"no gradient arrives at the last layer, with which {layer.name} is compared"
                raise ProbeError(msg)
            shares.setdefault(layer.path, []).append(share)
            kinds[layer.path] = layer.kind
    weights = {p.owner: p.shape for p in reversed(reports[0].parameters) if p.is_weight}
    return Golden(
        reports[0].model,
        tuple(
            GoldenLayer(path, kinds[path], weights.get(path, ()), *_agreed(values))
            for path, values in shares.items()
        ),
    )


def _agreed(values: Sequence[float]) -> tuple[float, float]:
    """The geometric mean, and the factor by which a value differs from it at most."""
    positive = [value for value in values if value > 0]
    if not positive:
        return 0.0, 1.0
    logs = [math.log(value) for value in positive]
    middle = sum(logs) / len(logs)
    off = max(abs(log - middle) for log in logs)
    return _rounded(math.exp(middle), _SHARE_DIGITS), _rounded(math.exp(off), _NOISE_DIGITS)


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _layer(index: int, data: Any) -> GoldenLayer:
    place = f"layer {index}"
    if not isinstance(data, dict):
        msg = f"has a {place} that is no object"
        raise ValueError(msg)
    _check_keys(place, data, _LAYER_KEYS)
    path, kind, weight, share, noise = (data[key] for key in _LAYER_KEYS)
    sizes = isinstance(weight, list) and all(type(size) is int and size >= 0 for size in weight)
    if not isinstance(path, str) or not isinstance(kind, str) or not sizes:
        msg = f'has a {place} whose "path", "kind" or "weight" is of another type'
        raise ValueError(msg)
    for key, value, least in (("share", share, 0.0), ("noise", noise, 1.0)):
        known = type(value) in {int, float} and math.isfinite(value)
        if not known or value < least:
            msg = f"has a {place} ({path}) with the {key} {value!r}; it must be at least {least:g}"
            raise ValueError(msg)
    return GoldenLayer(path, kind, tuple(weight), float(share), float(noise))


def _check_keys(place: str, data: dict[str, Any], keys: tuple[str, ...]) -> None:
    wrong = sorted(set(data).symmetric_difference(keys))
    if wrong:
        verb = "lacks" if wrong[0] in keys else "holds an unknown"
        msg = f'{verb} "{wrong[0]}" in {place}'
        raise ValueError(msg)
