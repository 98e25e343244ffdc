"""What the nodes of activation functions saved, and how to tell from it where they are flat."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pytest_gradhealth.recorder.graph import Node

#: Of the steepest slope; below it a bounded function counts as flat.
FLAT_SLOPE = 0.01

_TANH_FLAT = math.sqrt(1 - FLAT_SLOPE)  # 1 - tanh^2 is the slope, 1 its maximum
_SIGMOID_FLAT = 0.25 * FLAT_SLOPE  # p (1 - p) is the slope, 1/4 its maximum
_SOFTMAX_FLAT = 1 - 0.5 * FLAT_SLOPE  # the row's largest entry; p (1 - p) again
_HARD_SIGMOID_EDGE = 3.0  # torch's hardsigmoid is linear between -3 and 3

# Inputs under which the slope is below 1e-4 and stays there, from the functions' derivatives.
_GELU_SHUT, _SILU_SHUT, _EXPONENTIAL_SHUT, _HARD_SWISH_SHUT = -4.5, -12.0, -9.2, -3.0

_ROWS = 64  # of attention weights that are computed anew


@dataclass(frozen=True, slots=True)
class Values:
    """A node's values, and how to read them."""

    kind: str
    values: Tensor
    shut: float | None = None
    flat: Callable[[Tensor], Tensor] | None = None
    stuck: Callable[[Tensor], Tensor] | None = None


def _result(kind: str, shut: float | None = None, **flat: Any) -> Callable[[Node], Values]:
    return lambda node: Values(kind, node._saved_result, shut, flat.get("flat"), flat.get("stuck"))


def _input(kind: str, shut: float | None = None, **flat: Any) -> Callable[[Node], Values]:
    return lambda node: Values(kind, node._saved_self, shut, flat.get("flat"), flat.get("stuck"))


def _hard_tanh(node: Node) -> Values:
    low, high = node._saved_min_val, node._saved_max_val
    if low >= 0:  # ReLU6: shut below, flat above
        return Values("ReLU6", node._saved_self, low, lambda v: v >= high)
    ends = _ends(low, high)
    return Values("Hardtanh", node._saved_self, None, lambda v: ends(v) != 0, ends)


def _ends(low: float, high: float) -> Callable[[Tensor], Tensor]:
    """1 where a value is at the upper end or beyond it, -1 at the lower one, else 0."""

    def ends(values: Tensor) -> Tensor:
        return (values >= high).to(torch.int8) - (values <= low).to(torch.int8)

    return ends


def _clamp(node: Node) -> Values | None:
    if node._saved_max is None and node._saved_min == 0:  # a ReLU by another name
        return Values("clamp(min=0)", node._saved_self, 0.0)
    return None


def _elu(node: Node) -> Values:
    return Values("ELU", node._saved_self, _EXPONENTIAL_SHUT / abs(node._saved_input_scale or 1))


def _softplus(node: Node) -> Values:
    return Values("Softplus", node._saved_self, _EXPONENTIAL_SHUT / abs(node._saved_beta or 1))


def _threshold(node: Node) -> Values:
    return Values("Threshold", node._saved_self, float(node._saved_threshold))


def _softmax(node: Node) -> Values | None:
    values, axis = node._saved_result, node._saved_dim
    axis = axis - 2**64 if axis >= 2**63 else axis  # saved as unsigned
    if values.shape[axis] == 1:
        return None  # one entry is always 1: nothing to choose from
    moved = values.movedim(axis, -1)
    return Values("Softmax", moved, None, lambda v: v.amax(-1) > _SOFTMAX_FLAT)


def _log_softmax(node: Node) -> Values | None:
    read = _softmax(node)
    if read is None:
        return None
    edge = math.log(_SOFTMAX_FLAT)
    return Values("LogSoftmax", read.values, None, lambda v: v.amax(-1) > edge)


def _attention(node: Node) -> Values | None:
    """Fused attention keeps queries and keys: a few rows of its weights are computed anew."""
    query, key = node._saved_query.detach()[:1], node._saved_key.detach()[:1]
    length = key.shape[-2]
    if length == 1:
        return None
    step = query.shape[-2] // _ROWS + 1
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
    return Values("Softmax", weights, None, lambda v: v.amax(-1) > _SOFTMAX_FLAT)


def _mask_of(node: Node) -> Tensor | None:
    return getattr(node, "_saved_attn_mask", getattr(node, "_saved_attn_bias", None))


#: Kind of node to what reads it; ``None`` from a reader where there is nothing to judge.
READERS: dict[str, Callable[[Node], Values | None]] = {
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
    "Tanh": _result("Tanh", flat=lambda v: v.abs() > _TANH_FLAT, stuck=_ends(-1, 1)),
    "Sigmoid": _result("Sigmoid", flat=lambda v: v * (1 - v) < _SIGMOID_FLAT, stuck=_ends(0, 1)),
    "Hardsigmoid": _input(
        "Hardsigmoid",
        flat=lambda v: v.abs() >= _HARD_SIGMOID_EDGE,
        stuck=_ends(-_HARD_SIGMOID_EDGE, _HARD_SIGMOID_EDGE),
    ),
    "LogSoftmax": _log_softmax,
    "Softmax": _softmax,
    "ScaledDotProductFlashAttentionForCpu": _attention,
    "ScaledDotProductEfficientAttention": _attention,
    "ScaledDotProductFlashAttention": _attention,
}
