"""Norms computed where the tensors live, and moved once, at the end.

Nothing here waits for a device: a hook enqueues a reduction and keeps its one-element result.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_REDUCED = (torch.float16, torch.bfloat16)


def norm(tensor: Tensor) -> Tensor:
    """The L2 norm over all entries, as a one-element tensor on the tensor's own device.

    Half precision is reduced in float32. Sparse tensors count their stored values. An entry beyond
    1e19 overflows float32's square: ``exact_norm`` tells that from a true infinity.
    """
    values = _stored(tensor)
    reduced: Tensor = torch.linalg.vector_norm(
        values, dtype=torch.float32 if values.dtype in _REDUCED else None
    )
    return reduced


def exact_norm(tensor: Tensor) -> Tensor:
    """As ``norm``, in float64 on the CPU: slower, and infinite only where an entry is."""
    values = _stored(tensor).to(device="cpu", dtype=torch.float64)
    reduced: Tensor = torch.linalg.vector_norm(values)
    return reduced


def to_floats(values: Sequence[Tensor]) -> list[float]:
    """The entries of flat tensors, one after the other, as floats: one transfer a device."""
    parts: list[list[float]] = [[] for _ in values]
    by_device: dict[torch.device, list[int]] = {}
    for index, value in enumerate(values):
        by_device.setdefault(value.device, []).append(index)
    for device, indices in by_device.items():
        widest = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
        joined = torch.cat([values[index].to(widest) for index in indices]).tolist()
        start = 0
        for index in indices:
            end = start + values[index].numel()
            parts[index] = joined[start:end]
            start = end
    return [number for part in parts for number in part]


def _stored(tensor: Tensor) -> Tensor:
    values = tensor.detach()
    if values.is_sparse:
        values = values.coalesce().values()
    elif values.layout is not torch.strided:
        values = values.values()
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
