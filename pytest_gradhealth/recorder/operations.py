"""Every operation of a forward pass, looked at one by one: too slow for each pass.

A pass is repeated this way where a gradient is missing or a number is not finite: to tell a
parameter that nothing used from one that was cut off, and to name the operation to blame.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

from pytest_gradhealth.facts import OperationRecord
from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.trace import Trace

_TORCH = str(Path(torch.__file__).parent) + os.sep
_OURS = str(Path(__file__).parents[1]) + os.sep
_CALLS_THE_MODEL = str(Path(__file__).with_name("batch.py"))

#: Operations that leave autograd: the usual ways to cut a graph.
_CUTTERS = frozenset(
    (
        *("detach", "detach_", "data", "item", "numpy", "tolist", "tensor", "argmax"),
        *("__array__", "__float__"),
    )
)


class Operations(TorchFunctionMode):
    """While active, notes which watched tensors are used, what cuts the graph, what makes NaN.

    Args:
        watched: Tensors, such as parameters.
        trace: Tells which module runs and how many calls are over.
    """

    def __init__(self, watched: Iterable[Tensor], trace: Trace) -> None:
        super().__init__()
        self._watched = {id(tensor): tensor for tensor in watched}
        self._trace = trace
        self._used: set[int] = set()
        self._made_by: dict[Node, OperationRecord] = {}
        self.cuts: list[OperationRecord] = []
        self.first_nonfinite: OperationRecord | None = None
        self.first_nan: OperationRecord | None = None

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation; it counts where it makes a tensor (``.shape``, ``.size()`` do not)."""
        del types
        kwargs = kwargs or {}
        line = _users_line()
        if line is None:
            return func(*args, **kwargs)
        entering = list(tensors_in([*args, *kwargs.values()]))
        scalars = [v for v in (*args, *kwargs.values()) if isinstance(v, float)]
        given: list[Tensor | float] = [*entering, *scalars]
        was_finite = all(map(_is_finite, given))
        had_nan = any(map(_has_nan, given))
        carried = any(t.requires_grad for t in entering)  # detach_ changes its own argument
        result = func(*args, **kwargs)
        made = list(tensors_in(result))
        if made or _name_of(func) in _CUTTERS:
            self._used.update(id(t) for t in entering if id(t) in self._watched)
        self._note(func, line, made, result, carried=carried)
        if self.first_nonfinite is None and was_finite and not all(map(_is_finite, made)):
            self.first_nonfinite = self._record(_name_of(func), line)
        if self.first_nan is None and not had_nan and any(map(_has_nan, made)):
            self.first_nan = self._record(_name_of(func), line)
        return result

    def used(self, tensor: Tensor) -> bool:
        """Whether a watched tensor was used."""
        return id(tensor) in self._used

    def behind(self, node: Node) -> OperationRecord | None:
        """The operation that made a node of the backward graph."""
        return self._made_by.get(node)

    def _note(
        self,
        func: Callable[..., Any],
        line: str,
        made: list[Tensor],
        result: Any,
        *,
        carried: bool,
    ) -> None:
        name = _name_of(func)
        for tensor in made:
            if tensor.grad_fn is not None and tensor.grad_fn not in self._made_by:
                self._made_by[tensor.grad_fn] = self._record(name, line)
        floating = any(t.is_floating_point() or t.is_complex() for t in made)
        leaves = name in _CUTTERS or (floating and not torch.is_grad_enabled())
        if carried and leaves and not any(t.requires_grad for t in tensors_in(result)):
            how = name if name in _CUTTERS else f"{name} under torch.no_grad"
            self.cuts.append(self._record(how, line))

    def _record(self, name: str, line: str) -> OperationRecord:
        running = self._trace.running
        inside = running[-1] if running else ""
        return OperationRecord(name, line, len(self._trace.calls), inside)


def _has_nan(value: Tensor | float) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    floating = value.is_floating_point() or value.is_complex()
    return floating and not value.is_meta and bool(torch.isnan(value.detach()).any())


def _is_finite(tensor: Tensor | float) -> bool:
    if isinstance(tensor, float):
        return math.isfinite(tensor)
    if not (tensor.is_floating_point() or tensor.is_complex()) or tensor.is_meta:
        return True
    return bool(torch.isfinite(tensor.detach()).all())


def _name_of(func: Callable[..., Any]) -> str:
    """Such as ``log``; ``data`` for the getter behind the attribute."""
    name = getattr(func, "__name__", "")
    if name == "__get__":
        name = (resolve_name(func) or "").split(".")[-2:][0]
    return name


def _users_line() -> str | None:
    """``file:line`` of the innermost frame between torch and this package.

    Empty where torch's own modules ran the operation; ``None`` where this package's hooks did.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_OURS):  # whoever called us is not to blame
            return "" if file == _CALLS_THE_MODEL else None
        if not file.startswith((_TORCH, "<")):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
