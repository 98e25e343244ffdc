"""Gradients from rows of an output back to rows of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.recorder.entering import Entry, Passage
from pytest_gradhealth.recorder.layout import View, along

#: Which axis of an input its rows lie along.
AxisOf = Callable[[Tensor], int]


def cotangents(
    outputs: dict[str, Tensor], views: Sequence[tuple[str, View]], row: int, seed: int
) -> Tensor:
    """A scalar whose gradient starts at one row of the outputs, in a random direction."""
    generator = torch.Generator().manual_seed(seed)
    terms = []
    for name, view in views:
        rows = view(outputs[name])[row]
        noise = torch.randn(rows.shape, generator=generator).to(rows.real)
        terms.append((rows * noise).sum().real.float() / rows.numel() ** 0.5)
    return torch.stack(terms).sum()


def norms_along(total: Tensor, entries: Sequence[Entry], axis_of: AxisOf) -> list[list[float]]:
    """For each entry that a gradient arrives at, the L2 norms of its rows; NaN where it is."""
    gradients: Sequence[Tensor | None] = torch.autograd.grad(
        total, [e.leaf for e in entries], retain_graph=True, allow_unused=True
    )
    made = []
    for entry, gradient in zip(entries, gradients, strict=True):
        if gradient is None:
            continue
        dense = gradient.detach().to_dense() if gradient.is_sparse else gradient.detach()
        rows = along(dense, axis_of(entry.leaf)).flatten(1)
        made.append(rows.double().norm(dim=1).tolist())
    return made


def check_entries(plain: Passage) -> None:
    """Refuse a pass without a place to take gradients at.

    Raises:
        ProbeError: The model was not called, or nothing that it was given has a gradient.
    """
    if not plain.inputs:
        msg = "the model was not called; a step has to call model(...) itself"
        raise ProbeError(msg)
    if not plain.entries:
        msg = (
            "no input of the model is a floating point tensor or goes through an embedding, "
            "so no gradient reaches it"
        )
        raise ProbeError(msg)
