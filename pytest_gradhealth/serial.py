"""Frozen dataclasses as strict JSON and back, by their own type hints.

JSON has neither NaN nor infinity: these floats travel as the strings ``nan``, ``inf``, ``-inf``.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from typing import Any

_NOT_FINITE = ("nan", "inf", "-inf")


def plain(value: Any) -> Any:
    """A dataclass, container or scalar as dicts, lists and scalars that strict JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def revive(hint: Any, data: Any) -> Any:
    """What ``plain`` made, as the type the hint names.

    Raises:
        TypeError: The data has another shape than the hint.
        ValueError: A number is not one.
        KeyError: A field is missing.
    """
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(
            **{f.name: revive(hints[f.name], data[f.name]) for f in dataclasses.fields(hint)}
        )
    if origin is tuple:
        return _revive_tuple(typing.get_args(hint), data)
    if origin in {typing.Union, types.UnionType}:
        if data is None:
            return None
        (inner,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        return revive(inner, data)
    if origin is typing.Literal:
        if data not in typing.get_args(hint):
            msg = f"expected one of {', '.join(typing.get_args(hint))}, found {data!r}"
            raise ValueError(msg)
        return data
    if hint is float:
        return _revive_float(data)
    if isinstance(hint, type) and type(data) is not hint:
        msg = f"expected {hint.__name__}, found {type(data).__name__}"
        raise TypeError(msg)
    return data


def _revive_tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        msg = f"expected a list, found {type(data).__name__}"
        raise TypeError(msg)
    if len(args) > 1 and args[1] is not Ellipsis:
        return tuple(revive(arg, item) for arg, item in zip(args, data, strict=True))
    return tuple(revive(args[0], item) for item in data)


def _revive_float(data: Any) -> float:
    if isinstance(data, str) and data in _NOT_FINITE:
        return float(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        msg = f"expected a number, found {data!r}"
        raise TypeError(msg)
    try:
        return float(data)
    except OverflowError as error:
        msg = "an integer beyond the range of floats"
        raise ValueError(msg) from error


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
