"""Zero-initialised parameters woken up, to see what depends on what once they have moved."""

from __future__ import annotations

import torch
from torch import nn

#: The standard deviation that transformers are initialised with: small, and far from rounding.
_SIZE = 0.02


def wake(model: nn.Module, seed: int) -> None:
    """Give every trainable parameter that is zero throughout small random values.

    Heads, gates, norm gains and LoRA's B start at zero and cut what is behind them off; the first
    steps of training do away with that. Inside somebody else's ``preserved``.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad and not parameter.any():
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(_SIZE * noise.to(parameter))
