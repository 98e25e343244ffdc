"""Units of a weight that are equal and get equal gradients: they will stay equal."""

from __future__ import annotations

import torch
from torch import Tensor

from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.statistics import to_floats

# Equal units may differ in the last bits of their gradients: a matrix product treats the rows at
# the edge of its blocks in another order. Far more than that, far less than any real difference.
_TOLERANCE = 1e-5

_Kind = tuple[int, torch.dtype, torch.device]


class Ties:
    """For each weight the share of its units that equal another in value and gradient.

    A unit is a row: an entry of axis 0. Vectors, single rows and what has no gradient have none.

    Args:
        closely: Compare whole rows, by a random projection; else only the first column, which says
            for sure that units differ, but not that they are equal.
    """

    def __init__(self, *, closely: bool) -> None:
        self._closely = closely
        self._groups: dict[_Kind, list[tuple[int, Tensor, Tensor]]] = {}
        self._count = 0

    def add(self, weight: Tensor) -> None:
        """The next weight, whose ``.grad`` is filled; best while its values are in the cache."""
        index = self._count
        self._count += 1
        rows = weight.shape[0] if weight.dim() > 1 else 1
        grad = weight.grad
        if weight.numel() > rows > 1 and grad is not None and grad.layout is torch.strided:
            key = _key(weight.detach(), closely=self._closely)
            kind = rows, weight.dtype, weight.device
            self._groups.setdefault(kind, []).append((index, key, grad.detach()))

    def tickets(self, pending: Pending) -> list[int | None]:
        """A ticket for each weight's share, in the order they were added."""
        tickets: list[int | None] = [None] * self._count
        keys = [torch.stack([key for _, key, _ in group]) for group in self._groups.values()]
        # Most weights have no two units of equal value, and then their gradients need no look.
        repeats = to_floats([_same_as_next(k.sort(dim=1).values).any(1) for k in keys])
        for group, values, repeated in zip(self._groups.values(), keys, repeats, strict=True):
            for index, _, _ in group:
                tickets[index] = pending.add(0.0)
            suspects = [place for place, repeats in enumerate(repeated) if repeats]
            if suspects:
                grads = [_key(group[place][2], closely=self._closely) for place in suspects]
                shares = pending.add_each(_share_equal(values[suspects], torch.stack(grads)))
                for place, ticket in zip(suspects, shares, strict=True):
                    tickets[group[place][0]] = ticket
        return tickets


def _key(matrix: Tensor, *, closely: bool) -> Tensor:
    """One number a row, equal for equal rows."""
    rows = torch.view_as_real(matrix) if matrix.is_complex() else matrix
    if not closely:
        first_column: tuple[slice | int, ...] = (slice(None), *[0] * (rows.dim() - 1))
        return rows[first_column].float()
    rows = rows.flatten(1)
    generator = torch.Generator().manual_seed(rows.shape[1])
    direction = torch.randn(rows.shape[1], generator=generator).to(rows.device)
    return (rows.float() * direction).sum(1)


def _share_equal(values: Tensor, grads: Tensor) -> Tensor:
    """Share of the entries along axis 1 that have an equal neighbour in (value, gradient) order."""
    order = grads.argsort(dim=1, stable=True)
    order = order.gather(1, values.gather(1, order).argsort(dim=1, stable=True))
    same = _same_as_next(values.gather(1, order)) & _same_as_next(grads.gather(1, order))
    edge = torch.zeros_like(same[:, :1])
    tied = torch.cat([edge, same], 1) | torch.cat([same, edge], 1)
    # Rows without a gradient are not tied but unused (tokens that did not occur), unless all are.
    moved = grads.gather(1, order) != 0
    tied &= moved | ~moved.any(dim=1, keepdim=True)
    return tied.float().mean(1)


def _same_as_next(ordered: Tensor) -> Tensor:
    slack = _TOLERANCE * ordered.abs().amax(dim=1, keepdim=True)
    return ordered.diff(dim=1).abs() <= slack
