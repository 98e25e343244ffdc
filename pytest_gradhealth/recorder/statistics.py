"""Norms computed where the tensors live.

Nothing here waits for a device: on the CPU a number is at hand as soon as it is computed; elsewhere
a hook enqueues a reduction and keeps its one-element result, to be moved once, at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: A float where its tensor lives on the CPU, else a one-element tensor on its device. A float also
#: because a hundred small tensors, kept between large ones that come and go, keep the allocator
#: from joining what was freed: the peak of memory grows.
Number = float | Tensor

_REDUCED = (torch.float16, torch.bfloat16)

# Entries whose squares float32 sums to six digits. One sum over millions loses the third digit.
_PIECE = 2**18


def norm(tensor: Tensor) -> Number:
    """The L2 norm over all entries.

    Half precision is reduced in float32. Sparse tensors count their stored values. An entry beyond
    1e19 overflows float32's square: ``exact_norm`` tells that from a true infinity.
    """
    values = tensor.detach()
    if values.layout is not torch.strided or values.is_complex():
        values = _stored(values)
    if not values.is_cpu:
        return _norm(values)
    flat = values.view(-1) if values.is_contiguous() else _flat(values)
    if flat is None:
        return _norm(values).item()
    if flat.numel() > _PIECE or flat.dtype in _REDUCED:
        return math.hypot(*map(_piece_norm, torch.split(flat, _PIECE)))
    return math.sqrt(flat.dot(flat).item())


def exact_norm(tensor: Tensor) -> Number:
    """As ``norm``, in float64 on the CPU: slower, and infinite only where an entry is."""
    values = _stored(tensor).to(device="cpu", dtype=torch.float64)
    reduced: float = torch.linalg.vector_norm(values).item()
    return reduced


def to_floats(values: Sequence[Tensor]) -> list[list[float]]:
    """The entries of flat tensors as floats: one transfer for each device and dtype."""
    moved: list[list[float]] = [[] for _ in values]
    alike: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for index, value in enumerate(values):
        alike.setdefault((value.device, value.dtype), []).append(index)
    for indices in alike.values():
        joined = torch.cat([values[index] for index in indices]).tolist()
        start = 0
        for index in indices:
            end = start + values[index].numel()
            moved[index] = joined[start:end]
            start = end
    return moved


def _norm(values: Tensor) -> Tensor:
    reduced: Tensor = torch.linalg.vector_norm(
        values, dtype=torch.float32 if values.dtype in _REDUCED else None
    )
    return reduced


def _piece_norm(flat: Tensor) -> float:
    """An inner product is the cheapest call for it, and an exact one; not in half precision."""
    if flat.dtype in _REDUCED:
        return _norm(flat).item()
    return math.sqrt(flat.dot(flat).item())


def _flat(values: Tensor) -> Tensor | None:
    """All entries in the order of memory, as a view; ``None`` where they do not lie densely."""
    strides = values.stride()
    ordered = values.permute(sorted(range(values.dim()), key=strides.__getitem__, reverse=True))
    return ordered.view(-1) if ordered.is_contiguous() else None


def _stored(tensor: Tensor) -> Tensor:
    values = tensor.detach()
    if values.layout is not torch.strided:
        values = values.coalesce().values() if values.is_sparse else values.values()
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
