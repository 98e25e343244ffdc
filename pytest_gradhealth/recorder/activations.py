"""Activation functions on the way back, read off the autograd graph before the backward pass.

Nodes of the graph keep what their derivative needs, the activation's own input or output. So a call
of ``torch.tanh`` or ``F.relu`` is seen like a module, and so are the gates of a hand-written cell.
Nothing is kept: a slice of each value is reduced to a few numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from pytest_gradhealth.recorder.graph import BackwardGraph, Node
from pytest_gradhealth.recorder.pending import Pending

#: Of the steepest slope; below it a bounded function counts as flat.
FLAT_SLOPE = 0.01

_TANH_FLAT = math.sqrt(1 - FLAT_SLOPE)  # 1 - tanh^2 is the slope, 1 its maximum
_SIGMOID_FLAT = 0.25 * FLAT_SLOPE  # p (1 - p) is the slope, 1/4 its maximum
_SOFTMAX_FLAT = 1 - 0.5 * FLAT_SLOPE  # the row's largest entry; p (1 - p) again
_HARD_SIGMOID_EDGE = 3.0  # torch's hardsigmoid is linear between -3 and 3

# Inputs under which the slope is below 1e-4 and stays there, from the functions' derivatives.
_GELU_SHUT, _SILU_SHUT, _EXPONENTIAL_SHUT, _HARD_SWISH_SHUT = -4.5, -12.0, -9.2, -3.0

_ENTRIES = 2**16  # looked at per call, whole samples, at least one
_CALLS = 8  # looked at behind one layer: a cell over a long sequence has one call a step
_SEARCH = 64  # nodes visited to find the layer that feeds an activation
_CONVOLUTIONAL = ("ConvolutionBackward", "BatchNorm", "GroupNorm", "MaxPool", "AvgPool")
_FEATURES_LAST = ("Addmm", "MmBackward", "Bmm", "LayerNorm", "UnsafeView", "MkldnnLinear")
_IMAGE_AXES = 4


@dataclass(slots=True)
class Seen:
    """What one or more calls of an activation behind the same layer showed, still on the device.

    Attributes:
        kind: Its name.
        node: The first call's node.
        position: Position of its own module call; ``None`` for a function call.
        feeds_from: Position of the call of the nearest module with parameters before it.
        observations: Values looked at per unit.
        most: For each unit the largest value seen; a unit is dead where it is not above ``shut``.
        shut: See ``most``.
        flats: Share of flat values, one a call.
    """

    kind: str
    node: Node
    position: int | None
    feeds_from: int | None
    observations: int = 0
    most: Tensor | None = None
    shut: float = 0.0
    flats: list[Tensor] = field(default_factory=list)
    calls: int = 0

    def tickets(self, pending: Pending) -> tuple[int | None, int | None, int]:
        """Tickets for dead units and flat share, and how many units there are."""
        dead = None if self.most is None else pending.add((self.most <= self.shut).sum())
        flat = pending.add(torch.stack(self.flats).mean()) if self.flats else None
        return dead, flat, 1 if self.most is None else self.most.numel()


@dataclass(frozen=True, slots=True)
class _Values:
    """A node's values, and how to read them."""

    kind: str
    values: Tensor
    shut: float | None = None
    flat: Callable[[Tensor], Tensor] | None = None


def activations_in(
    graph: BackwardGraph,
    module_of: dict[Node, int],
    layer_of: dict[Node, int],
    paths: list[str],
    *,
    closely: bool,
) -> list[Seen]:
    """Every activation function of the graph, the one next to the loss first.

    Args:
        graph: The graph, before its backward pass.
        module_of: Nodes of module outputs, with the positions of their calls.
        layer_of: Nodes of the outputs of modules with parameters (of a recurrent module also the
            node of its input, which its inner steps come back to), with their calls' positions.
        paths: Module path of every call.
        closely: Look at every value and every call.
    """
    seen: dict[tuple[str, int, str | None, str | None], Seen] = {}
    for node in graph.order:
        reader = _READERS.get(str(node.name()).removesuffix("Backward0"))
        if reader is None:
            continue
        position, feeds_from = module_of.get(node), feeding_layer(node, layer_of)
        # Gates are cut from one product: which part it is tells them apart.
        part = _part(node)
        key = (str(node.name()), part, _at(paths, feeds_from), _at(paths, position))
        known = seen.get(key)
        if known is not None and known.calls >= _CALLS and not closely:
            continue
        try:
            read = reader(node)
        except RuntimeError:  # changed in place since, or freed
            continue
        if read is None or not read.values.numel():
            continue
        if known is None:
            known = seen[key] = Seen(read.kind, node, position, feeds_from)
        _look(known, read, closely=closely)
    return list(seen.values())


def _part(node: Node) -> int:
    """Which output of a split product a gate takes, directly or as the first of a sum."""
    part = 0
    for _ in range(2):
        if not node.next_functions or node.next_functions[0][0] is None:
            break
        node, output = node.next_functions[0]
        part += output
    return part


def _at(paths: list[str], position: int | None) -> str | None:
    return None if position is None else paths[position]


def _look(seen: Seen, read: _Values, *, closely: bool) -> None:
    values = read.values.detach()
    if not closely and values.dim() > 1:
        values = values[: max(1, _ENTRIES * values.shape[0] // values.numel())]
    seen.calls += 1
    if read.flat is not None:
        seen.flats.append(read.flat(values).float().mean())
    if read.shut is None:
        return
    axis = _unit_axis(seen.node, values.dim())
    others = [a for a in range(values.dim()) if a != axis]
    most = values.amax(dim=others) if others else values
    if seen.most is not None and seen.most.shape == most.shape:
        most = torch.maximum(seen.most, most)
    seen.most, seen.shut = most, read.shut
    seen.observations += values.numel() // max(most.numel(), 1)


def feeding_layer(node: Node, layer_of: dict[Node, int]) -> int | None:
    """Position of the nearest of these layers before a node, by breadth-first search."""
    level, visited = [node], {node}
    while level and len(visited) < _SEARCH:
        above: list[Node] = []
        for current in level:
            for child, _ in current.next_functions:
                if child is None or child in visited:
                    continue
                if child in layer_of:
                    return layer_of[child]
                visited.add(child)
                above.append(child)
        level = above
    return None


def _unit_axis(node: Node, axes: int) -> int:
    """Channels come second behind convolutions and their kin, features last elsewhere."""
    current = node
    for _ in range(_SEARCH):
        following = [child for child, _ in current.next_functions if child is not None]
        if not following:
            break
        current = following[0]
        name = str(current.name())
        if any(word in name for word in _CONVOLUTIONAL):
            return min(1, axes - 1)
        if any(word in name for word in _FEATURES_LAST):
            return axes - 1
    return 1 if axes == _IMAGE_AXES else axes - 1


def _result(kind: str, shut: float | None = None, **flat: Any) -> Callable[[Node], _Values]:
    return lambda node: _Values(kind, node._saved_result, shut, flat.get("flat"))


def _input(kind: str, shut: float | None = None, **flat: Any) -> Callable[[Node], _Values]:
    return lambda node: _Values(kind, node._saved_self, shut, flat.get("flat"))


def _hard_tanh(node: Node) -> _Values:
    low, high = node._saved_min_val, node._saved_max_val
    if low >= 0:  # ReLU6: shut below, flat above
        return _Values("ReLU6", node._saved_self, low, lambda v: v >= high)
    return _Values("Hardtanh", node._saved_self, None, lambda v: (v <= low) | (v >= high))


def _clamp(node: Node) -> _Values | None:
    if node._saved_max is None and node._saved_min == 0:  # a ReLU by another name
        return _Values("clamp(min=0)", node._saved_self, 0.0)
    return None


def _elu(node: Node) -> _Values:
    return _Values("ELU", node._saved_self, _EXPONENTIAL_SHUT / abs(node._saved_input_scale or 1))


def _softplus(node: Node) -> _Values:
    return _Values("Softplus", node._saved_self, _EXPONENTIAL_SHUT / abs(node._saved_beta or 1))


def _threshold(node: Node) -> _Values:
    return _Values("Threshold", node._saved_self, float(node._saved_threshold))


def _softmax(node: Node) -> _Values | None:
    values, axis = node._saved_result, node._saved_dim
    axis = axis - 2**64 if axis >= 2**63 else axis  # saved as unsigned
    if values.shape[axis] == 1:
        return None  # one entry is always 1: nothing to choose from
    moved = values.movedim(axis, -1)
    return _Values("Softmax", moved, None, lambda v: v.amax(-1) > _SOFTMAX_FLAT)


def _attention(node: Node) -> _Values | None:
    """Fused attention keeps queries and keys: a few rows of its weights are computed anew."""
    query, key = node._saved_query.detach()[:1], node._saved_key.detach()[:1]
    length = key.shape[-2]
    if length == 1:
        return None
    step = query.shape[-2] // _SEARCH + 1
    scale = node._saved_scale or query.shape[-1] ** -0.5
    rows = query[..., ::step, :].float() @ key.float().transpose(-2, -1) * scale
    if node._saved_is_causal:
        row = torch.arange(0, query.shape[-2], step, device=rows.device).unsqueeze(-1)
        rows = rows.masked_fill(torch.arange(length, device=rows.device) > row, -math.inf)
    mask = _mask_of(node)
    if mask is not None:
        mask = mask.detach()[:1] if mask.dim() == query.dim() else mask.detach()
        mask = mask[..., ::step, :] if mask.shape[-2] > 1 else mask
        rows = rows.masked_fill(~mask, -math.inf) if mask.dtype is torch.bool else rows + mask
    weights = rows.softmax(-1).nan_to_num()  # a row masked altogether has no maximum
    return _Values("Softmax", weights, None, lambda v: v.amax(-1) > _SOFTMAX_FLAT)


def _mask_of(node: Node) -> Tensor | None:
    return getattr(node, "_saved_attn_mask", getattr(node, "_saved_attn_bias", None))


_READERS: dict[str, Callable[[Node], _Values | None]] = {
    "Relu": _result("ReLU", 0.0),
    "Threshold": _threshold,
    "ClampBackward1": _clamp,
    "Hardtanh": _hard_tanh,
    "Gelu": _input("GELU", _GELU_SHUT),
    "Silu": _input("SiLU", _SILU_SHUT),
    "Mish": _input("Mish", _SILU_SHUT),
    "Hardswish": _input("Hardswish", _HARD_SWISH_SHUT),
    "Elu": _elu,
    "Celu": _input("CELU", _EXPONENTIAL_SHUT),
    "Softplus": _softplus,
    "Tanh": _result("Tanh", flat=lambda v: v.abs() > _TANH_FLAT),
    "Sigmoid": _result("Sigmoid", flat=lambda v: v * (1 - v) < _SIGMOID_FLAT),
    "Hardsigmoid": _input("Hardsigmoid", flat=lambda v: v.abs() >= _HARD_SIGMOID_EDGE),
    "Softmax": _softmax,
    "ScaledDotProductFlashAttentionForCpu": _attention,
    "ScaledDotProductEfficientAttention": _attention,
    "ScaledDotProductFlashAttention": _attention,
}
