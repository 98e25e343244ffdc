"""Units of a weight that are equal and get equal gradients: they will stay equal."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pytest_gradhealth.recorder.pending import Pending

# Equal units may differ in the last bits of their gradients: a matrix product treats the rows at
# the edge of its blocks in another order. Far more than that, far less than any real difference.
_TOLERANCE = 1e-5


def tied_units(weights: Sequence[Tensor], pending: Pending, *, closely: bool) -> list[int | None]:
    """A ticket for each weight's share of units that equal another in value and gradient.

    A unit is a row: an entry of axis 0. ``None`` for vectors, single rows and what has no gradient.

    Args:
        weights: Parameters whose ``.grad`` is filled.
        pending: Collects the shares.
        closely: Compare whole rows, by a random projection; else only the first column, which says
            for sure that units differ, but not that they are equal.
    """
    groups: dict[tuple[int, torch.dtype, torch.device], list[int]] = {}
    for index, weight in enumerate(weights):
        comparable = weight.dim() > 1 and weight.numel() > weight.shape[0] > 1
        if comparable and weight.grad is not None and weight.grad.layout is torch.strided:
            groups.setdefault((weight.shape[0], weight.dtype, weight.device), []).append(index)
    tickets: list[int | None] = [None] * len(weights)
    for indices in groups.values():
        values = torch.stack([_key(weights[i].detach(), closely=closely) for i in indices])
        grads = torch.stack([_key(_grad(weights[i]), closely=closely) for i in indices])
        shares = _share_equal(values, grads)
        for index, share in zip(indices, shares.unbind(), strict=True):
            tickets[index] = pending.add(share)
    return tickets


def _grad(weight: Tensor) -> Tensor:
    assert weight.grad is not None
    return weight.grad.detach()


def _key(matrix: Tensor, *, closely: bool) -> Tensor:
    """One number a row, equal for equal rows."""
    rows = torch.view_as_real(matrix).flatten(1) if matrix.is_complex() else matrix.flatten(1)
    if not closely:
        return rows[:, 0].float()
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
