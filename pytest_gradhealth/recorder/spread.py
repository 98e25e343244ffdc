"""How much the samples of a batch still differ, layer by layer: what ``collapse`` is judged on."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from pytest_gradhealth.recorder.pending import Pending

# At most so many samples and features are kept of each output: 16 kB, so that nothing else is held
# alive, and few enough for the deviations to be taken exactly.
_ROWS, _COLUMNS = 16, 256
_TOGETHER = 32  # excerpts: half a megabyte, however deep the network

_Kind = tuple[torch.Size, torch.dtype, torch.device]


def excerpt(output: Tensor, samples: int | None) -> Tensor | None:
    """Some rows and columns of an output, copied, as (rows, columns); ``None`` without samples.

    Args:
        output: With its samples along axis 0, or a multiple of them (windows, tokens).
        samples: How many samples the batch holds.
    """
    if samples is None or output.dim() < 2 or output.shape[0] % samples:  # noqa: PLR2004  # axes
        return None
    values = output.detach()
    if values.is_complex():
        values = torch.view_as_real(values)
    if values.layout is not torch.strided or not values.numel():
        return None
    count, *sizes = values.shape
    step, kept = count // samples, int(_COLUMNS ** (1 / len(sizes)))
    # By slices along every axis, which cost nothing whatever the memory format.
    rows = slice(0, step * _ROWS, step)
    columns = (slice(None, None, max(1, size // kept)) for size in sizes)
    picked: tuple[slice, ...] = (rows, *columns)
    chosen = values[picked]
    return chosen.clone(memory_format=torch.contiguous_format).view(chosen.shape[0], -1)


class Spreads:
    """The spread of many excerpts; those of equal shape are worked on together, some at a time.

    The spread is the L2 norm of the deviations from the mean over the samples, over the L2 norm of
    all entries: 0 where all samples are the same. It is NaN for an excerpt of zeros.
    """

    def __init__(self, pending: Pending) -> None:
        self._pending = pending
        self._waiting: dict[_Kind, list[tuple[int, Tensor]]] = {}
        self._tickets: list[int | None] = []

    def add(self, kept: Tensor | None) -> int | None:
        """Queue an excerpt; the number returned asks for its ticket. ``None`` for ``None``."""
        if kept is None:
            return None
        place = len(self._tickets)
        self._tickets.append(None)
        kind = kept.shape, kept.dtype, kept.device
        alike = self._waiting.setdefault(kind, [])
        alike.append((place, kept))
        if len(alike) == _TOGETHER:
            self._measure(self._waiting.pop(kind))
        return place

    def ticket(self, place: int | None) -> int | None:
        """The ticket of an excerpt's spread; the first call measures what still waits."""
        while self._waiting:
            _, alike = self._waiting.popitem()
            self._measure(alike)
        return None if place is None else self._tickets[place]

    def _measure(self, alike: list[tuple[int, Tensor]]) -> None:
        together = torch.stack([kept for _, kept in alike])
        together = together.to(torch.float32) if together.dtype != torch.float64 else together
        flat = together.view(len(alike), -1)
        # Squares of very small or large entries leave float32.
        together /= flat.abs().amax(dim=1).view(-1, 1, 1)
        deviations = together - together[:, :1]  # exactly zero where all are equal
        deviations -= deviations.mean(dim=1, keepdim=True)
        ratio = _norms(deviations.view(len(alike), -1)) / _norms(flat)
        for (place, _), ticket in zip(alike, self._pending.add_each(ratio), strict=True):
            self._tickets[place] = ticket


def batch_spread(tensors: Iterable[Tensor], samples: int | None, pending: Pending) -> list[int]:
    """Tickets for the spread of the batch's own tensors; token ids count as numbers."""
    spreads = Spreads(pending)
    places = []
    for tensor in tensors:
        values = tensor.detach()
        if samples is None or values.dim() == 0 or values.shape[0] != samples:
            continue
        values = values.reshape(samples, -1) if values.layout is torch.strided else values
        values = values if values.dtype.is_floating_point else values.float()
        places.append(spreads.add(excerpt(values, samples)))
    tickets = map(spreads.ticket, places)
    return [ticket for ticket in tickets if ticket is not None]


def _norms(values: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(values, dim=1)
    return norms
