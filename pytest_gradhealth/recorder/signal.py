"""Whether one half of the batch tells a reference learner anything about the other half.

A model that does not learn from a batch is to blame only if there is something to learn. Kernel
ridge regression, in closed form, tells: fitted on one half, it explains more of the other half's
target than it does with the targets shuffled. Random inputs with random targets hold no such
signal, so a healthy model tried on them is not accused of not learning.

Kernel ridge regression: Saunders et al. (1998), Ridge regression learning algorithm in dual
variables. The permutation test: Ojala and Garriga (2010), Permutation tests for studying classifier
performance, test 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pytest_gradhealth.facts import Signal
from pytest_gradhealth.recorder.batch import Objective, steps_of

_LEAST = 16  # samples: eight to fit, eight to ask about
_SHUFFLES = 199  # the observed share must exceed all of them: one chance in 200
_RIDGE = 0.1  # added to the kernel's diagonal of ones
_COLUMNS = 4096  # features looked at in one view
_CLASSES = 256  # more different integers than this are no classes
_TARGETS = 32  # columns of the target


@dataclass(frozen=True, slots=True)
class _View:
    """One look at the inputs: (samples, ...), integers as categories."""

    name: str
    values: Tensor
    step: int | None = None
    steps: int = 0


def signals_in(objective: Objective, seed: int) -> tuple[Signal, ...]:
    """What each input tensor of the batch tells about its target, as a whole or a step of it.

    Empty where the batch holds no target apart from the inputs, has too few samples, or its target
    cannot be learned from by regression: the same for all, not finite, too many classes.
    """
    count, target = objective.samples(), objective.target()
    if count is None or count < _LEAST or target is None:
        return ()
    if target.dim() == 0 or target.shape[0] != count:
        return ()
    answers = _answers(target)
    if answers is None:
        return ()
    found = []
    for tensor in objective.inputs():
        if tensor.dim() > 1 and tensor.shape[0] == count and not tensor.is_complex():
            best = _best(_views(tensor), answers, seed)
            if best is not None:
                found.append(best)
    return tuple(found)


def _views(tensor: Tensor) -> list[_View]:
    """The tensor as a whole; each step of a sequence, of tokens or of vectors."""
    views = [_View("all inputs", tensor)]
    steps = steps_of(tensor)
    views += [_View(f"step {i + 1}", tensor[:, i], i, steps) for i in range(steps)]
    return views


def _best(views: Sequence[_View], answers: Tensor, seed: int) -> Signal | None:
    """The view that explains most, and the most that any of them does with shuffled targets."""
    count = answers.shape[0]
    halves = slice(0, count // 2), slice(count // 2, count)
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.arange(count)]
    orders += [torch.randperm(count, generator=generator) for _ in range(_SHUFFLES)]
    shuffled = torch.stack([answers[order] for order in orders], dim=1)  # (samples, orders, q)
    most: Tensor | None = None
    best = views[0]
    for view in views:
        for kernel in _kernels(view.values):
            both = [
                _explained(kernel, shuffled, *halves),
                _explained(kernel, shuffled, *halves[::-1]),
            ]
            share = torch.stack(both).mean(0)
            if most is None:
                best, most = view, share
                continue
            best = view if float(share[0]) > float(most[0]) else best
            most = torch.maximum(most, share)
    if most is None:
        return None
    return Signal(best.name, float(most[0]), float(most[1:].max()), best.step, best.steps)


def _answers(target: Tensor) -> Tensor | None:
    """The target as centred columns of unit variance, classes one column each."""
    values = target.detach().cpu()
    if values.dim() > 1:
        values = values.reshape(values.shape[0], -1)
    whole = not values.is_floating_point() and not values.is_complex()
    if whole and (values.dim() == 1 or values.shape[1] == 1):
        found, inverse = torch.unique(values.reshape(-1), return_inverse=True)
        if len(found) > _CLASSES:
            return None
        values = torch.nn.functional.one_hot(inverse, len(found))
    values = values.reshape(values.shape[0], -1).to(torch.float32)
    values = values[:, :: max(1, values.shape[1] // _TARGETS)]
    values = values - values.mean(0)
    if not values.isfinite().all() or not values.any():
        return None
    return values


def _kernels(values: Tensor) -> list[Tensor]:
    """(samples, samples), with ones on the diagonal: a linear one and a Gaussian one."""
    values = values.detach().cpu()
    count = values.shape[0]
    values = values.reshape(count, -1)
    values = values[:, :: max(1, values.shape[1] // _COLUMNS)]
    if not values.is_floating_point():
        same = (values.unsqueeze(1) == values.unsqueeze(0)).float().mean(-1)
        return [same] if bool((same < 1).any()) else []
    values = values.float()
    values = values - values.mean(0)
    deviation = values.square().mean(0).sqrt()
    values = values[:, deviation > 0] / deviation[deviation > 0]
    if not values.numel() or not values.isfinite().all():
        return []
    products = values @ values.T
    linear = products / products.diagonal().mean()
    distances = torch.cdist(values, values).square()
    middle = distances[distances > 0].median() if bool((distances > 0).any()) else 1.0
    return [linear, torch.exp(-distances / middle)]


def _explained(kernel: Tensor, answers: Tensor, known: slice, asked: slice) -> Tensor:
    """Share of the variance among the asked that a fit of the known explains, per shuffle."""
    given = answers[known]
    mean = given.mean(0)
    inner = kernel[known, known]
    inner = inner + _RIDGE * torch.eye(len(inner))
    weights = torch.linalg.solve(inner, (given - mean).flatten(1))
    predicted = (kernel[asked, known] @ weights).reshape(answers[asked].shape) + mean
    wrong = (answers[asked] - predicted).square().sum((0, 2))
    spread = (answers[asked] - mean).square().sum((0, 2))
    explained: Tensor = 1 - wrong / spread
    return explained
