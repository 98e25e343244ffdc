"""Batch norms held still: for the samples of a batch they are what mixes by design."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.generators import seed_generators


def hold_norms(model: nn.Module, objective: Objective, seed: int) -> tuple[str, ...]:
    """Let every batch norm use the statistics of this batch as constants; their paths.

    They are taken in one forward pass in train mode and then used as in eval mode, which is what
    the model computes anyway. A norm in eval mode with statistics of its own is left alone; a class
    of the user's own is known by its name. Inside somebody else's ``preserved``.
    """
    norms = {path: m for path, m in model.named_modules() if _is_batch_norm(m) and _is_live(m)}
    if not norms:
        return ()
    for module in norms.values():
        if isinstance(module, _BatchNorm):
            _track(module)
        module.train()
    seed_generators(seed)
    with torch.no_grad():
        objective(model, seed)
    for module in norms.values():
        module.eval()
    return tuple(norms)


def _is_batch_norm(module: nn.Module) -> bool:
    name = type(module).__name__.lower().replace("_", "")
    return isinstance(module, _BatchNorm) or "batchnorm" in name


def _is_live(module: nn.Module) -> bool:
    """Whether it takes statistics of the batch."""
    return module.training or (isinstance(module, _BatchNorm) and module.running_mean is None)


def _track(norm: _BatchNorm) -> None:
    """Keep the next batch's statistics, and nothing of earlier ones."""
    if norm.running_mean is None:
        like = norm.weight if norm.weight is not None else torch.empty(0)
        zeros = torch.zeros(norm.num_features, device=like.device, dtype=like.dtype)
        norm.running_mean, norm.running_var = zeros, torch.ones_like(zeros)
        norm.track_running_stats = True
    norm.momentum = 1.0
