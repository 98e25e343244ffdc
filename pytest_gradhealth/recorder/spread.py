"""How much the samples of a batch still differ, layer by layer: what ``collapse`` is judged on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from pytest_gradhealth.recorder.pending import Pending

# At most so many samples and features are kept of each output: 16 kB, so that nothing else is held
# alive, and few enough for the deviations to be taken exactly.
_ROWS, _COLUMNS = 16, 256


def excerpt(output: Tensor, samples: int | None) -> Tensor | None:
    """Some rows and columns of an output, copied, as (rows, columns); ``None`` without samples.

    Args:
        output: With its samples along axis 0, or a multiple of them (windows, tokens).
        samples: How many samples the batch holds.
    """
    if samples is None or output.dim() < 2 or output.shape[0] % samples:  # noqa: PLR2004  # axes
        return None
    values = torch.view_as_real(output.detach()) if output.is_complex() else output.detach()
    if values.layout is not torch.strided or not values.numel():
        return None
    rows = values[:: values.shape[0] // samples][:_ROWS]
    # By slices along every axis, which cost nothing whatever the memory format.
    kept = int(_COLUMNS ** (1 / (values.dim() - 1)))
    axes = [slice(None), *(slice(None, None, max(1, size // kept)) for size in values.shape[1:])]
    return rows[tuple(axes)].reshape(rows.shape[0], -1).clone()


def spreads(excerpts: Sequence[Tensor | None], pending: Pending) -> list[int | None]:
    """A ticket for each excerpt's spread; equal shapes are worked on together.

    The spread is the L2 norm of the deviations from the mean over the samples, over the L2 norm of
    all entries: 0 where all samples are the same. It is NaN for an excerpt of zeros.
    """
    groups: dict[tuple[torch.Size, torch.dtype, torch.device], list[int]] = {}
    for index, kept in enumerate(excerpts):
        if kept is not None:
            groups.setdefault((kept.shape, kept.dtype, kept.device), []).append(index)
    tickets: list[int | None] = [None] * len(excerpts)
    for indices in groups.values():
        together = torch.stack([kept for i in indices if (kept := excerpts[i]) is not None])
        together = together.to(torch.float32) if together.dtype != torch.float64 else together
        scale = together.abs().amax(dim=(1, 2), keepdim=True)
        together = together / scale  # squares of very small or large entries leave float32
        deviations = together - together.mean(dim=1, keepdim=True)
        differ = (together != together[:, :1]).flatten(1).any(1)  # the mean itself is rounded
        ratio = _norms(deviations) / _norms(together) * differ
        for index, value in zip(indices, ratio.unbind(), strict=True):
            tickets[index] = pending.add(value)
    return tickets


def batch_spread(tensors: Iterable[Tensor], samples: int | None, pending: Pending) -> list[int]:
    """Tickets for the spread of the batch's own tensors; token ids count as numbers."""
    kept = []
    for tensor in tensors:
        values = tensor.detach()
        if samples is None or values.dim() == 0 or values.shape[0] != samples:
            continue
        values = values.reshape(samples, -1) if values.layout is torch.strided else values
        kept.append(excerpt(values if values.dtype.is_floating_point else values.float(), samples))
    return [ticket for ticket in spreads(kept, pending) if ticket is not None]


def _norms(values: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(values, dim=(1, 2))
    return norms
