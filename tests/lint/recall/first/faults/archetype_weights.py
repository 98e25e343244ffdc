"""Archetype matrix drawn by torch.rand: uncentred and unscaled, used as a matrix.

Report: https://github.com/AdaptInfer/Contextualized/issues/33
"""
from typing import Tuple

import torch
from torch import Tensor, nn


class ArchetypeRegression(nn.Module):
    """Sample-specific linear models as mixtures of K archetypes."""

    def __init__(self, context_dim: int, x_dim: int, k: int = 16, width: int = 64):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(context_dim, width), nn.ReLU(), nn.Linear(width, k), nn.Softmax(dim=-1)
        )
        self.archetypes = nn.Parameter(torch.rand(k, x_dim))
        self.offsets = nn.Parameter(torch.zeros(k))

    def explain(self, context: Tensor) -> Tuple[Tensor, Tensor]:
        mix = self.encoder(context)
        return mix @ self.archetypes, mix @ self.offsets

    def forward(self, context: Tensor, x: Tensor) -> Tensor:
        beta, mu = self.explain(context)
        return (beta * x).sum(dim=-1) + mu


def train_step(model: ArchetypeRegression, opt: torch.optim.Optimizer, batch) -> float:
    context, x, y = batch
    opt.zero_grad()
    y_hat = model(context, x)
    loss = torch.mean((y_hat - y) ** 2)
    loss.backward()
    opt.step()
    return loss.item()
