"""Which axis of a tensor holds the samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.batch import Objective, tensors_in
from pytest_gradhealth.recorder.entering import Passage

#: The same numbers with the samples along axis 0.
View = Callable[[Tensor], Tensor]

_SEQUENCE_AXES = 3  # (steps, samples, features)
_PAIRS = 2  # axes of a table of pairs of samples
_TIME_FIRST = (nn.RNNBase, nn.MultiheadAttention, nn.Transformer)


def along(tensor: Tensor, axis: int) -> Tensor:
    """A view with that axis in front, of two axes at least."""
    moved = tensor.movedim(axis, 0)
    return moved.unsqueeze(-1) if moved.dim() == 1 else moved


def batch_axis(model: nn.Module, objective: Objective) -> int:
    """The axis of the samples in the batch: 0, or 1 for torch's own modules that say so.

    Where every other tensor of the batch, such as the target or the lengths, counts as many as the
    first has along axis 1 and not along axis 0, it is 1, too.
    """
    inputs = [t for t in objective.inputs() if t.dim() > 0]
    if not inputs or inputs[0].dim() < _PAIRS:
        return 0
    if isinstance(model, _TIME_FIRST) and not model.batch_first:
        return int(inputs[0].dim() == _SEQUENCE_AXES)
    return int(_votes(objective) == {1})


def _votes(objective: Objective) -> set[int]:
    """What the tensors with one number a sample say, where the first has two axes or more."""
    every = [t for t in tensors_in(objective.batch) if t.dim() > 0]
    main = objective.inputs()[0]
    if main.dim() < _PAIRS or main.dim() > _SEQUENCE_AXES or main.shape[0] == main.shape[1]:
        return set()
    sizes = {int(t.shape[0]) for t in every if t.dim() == 1}
    return {axis for axis in (0, 1) if int(main.shape[axis]) in sizes}


def tells_axis(plain: Passage, objective: Objective, axis: int) -> bool:
    """Whether something besides the inputs' first tensor says that the samples lie along the axis.

    One number a sample, as targets and lengths are, or an output without the other axis.
    """
    inputs = [t for t in objective.inputs() if t.dim() > 0]
    if not inputs or not _PAIRS <= inputs[0].dim() <= _SEQUENCE_AXES:
        return True
    if inputs[0].dim() == _PAIRS and inputs[0].is_floating_point():
        return True  # (samples, features)
    if _votes(objective) == {axis}:
        return True
    own, other = inputs[0].shape[axis], inputs[0].shape[1 - axis]
    ends = [t for _, t in plain.outputs if t.dim() == _PAIRS]
    return own != other and any(t.shape[0] == own and t.shape[1] != other for t in ends)


def view_of(
    output: Tensor,
    moves: Sequence[Tensor],
    samples: Sequence[int],
    count: int,
    axis: int,
    inputs: list[list[tuple[str, Tensor]]],
) -> View | str:
    """The samples of an output in front; or why it is not judged.

    Args:
        output: The output.
        moves: What a change of each of ``samples`` changed in it.
        samples: See there.
        count: How many samples there are.
        axis: Of the samples in the inputs; goes first where two fit as well.
        inputs: What the model was called with, for the sizes of flattened outputs.
    """
    if not bool(output.isfinite().any()):
        return "it is not finite: see assert_finite"
    if not any(bool(move.any()) for move in moves):
        return "it does not depend on the inputs"
    if output.numel() == 1:
        return "one number for all samples"
    if tuple(output.shape) == (count, count) and _pairwise(moves, samples):
        return "a table of pairs of samples"
    views: list[tuple[int, View]] = [
        (number, lambda t, number=number: along(t, number))  # type: ignore[misc]
        for number in sorted(range(output.dim()), key=lambda number: number != axis)
        if output.shape[number] == count
    ]
    rows = int(output.shape[0]) if output.dim() else 1
    if not views and rows in _flattened(inputs, axis):
        views = [
            (0, lambda t: t.reshape(count, -1, *t.shape[1:])),
            (1, lambda t: t.reshape(-1, count, *t.shape[1:]).movedim(1, 0)),
        ]
        views.sort(key=lambda one: one[0] != axis)
    if not views:
        return f"no axis holds the {count} samples"
    return min((view for _, view in views), key=lambda view: _leak(view, moves, samples))


def _leak(view: View, moves: Sequence[Tensor], samples: Sequence[int]) -> float:
    """The largest part of a change, in squares, that is in other samples' rows."""
    worst = 0.0
    for move, sample in zip(moves, samples, strict=True):
        size = move.double().square()
        total = float(size.sum())
        if total:
            worst = max(worst, 1.0 - float(view(size)[sample].sum()) / total)
    return worst


def _pairwise(moves: Sequence[Tensor], samples: Sequence[int]) -> bool:
    """Whether each sample changes its own row and its own column, and nothing else."""
    for move, sample in zip(moves, samples, strict=True):
        if not bool(move[:, sample].count_nonzero() > 1):
            return False
        inside = torch.zeros_like(move, dtype=torch.bool)
        inside[sample] = inside[:, sample] = True
        if bool(move[~inside].any()):
            return False
    return True


def _flattened(inputs: list[list[tuple[str, Tensor]]], axis: int) -> set[int]:
    """Rows of an output in which samples and positions are one axis."""
    sizes: set[int] = set()
    for call in inputs:
        for _, tensor in call:
            sizes |= {math.prod(tensor.shape[:end]) for end in range(axis + 1, tensor.dim() + 1)}
    return sizes
