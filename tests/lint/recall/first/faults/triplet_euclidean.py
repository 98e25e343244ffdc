"""Euclidean distances by sqrt of a sum of squares: NaN as soon as two embeddings agree.

Report: https://github.com/huggingface/sentence-transformers/pull/4033
"""
import torch
from torch import Tensor, nn
import torch.nn.functional as F


def euclidean_sim(a: Tensor, b: Tensor) -> Tensor:
    return -torch.sqrt(torch.sum((a - b) ** 2, dim=-1))


class Encoder(nn.Module):
    def __init__(self, vocab: int, dim: int = 256):
        super().__init__()
        self.emb = nn.EmbeddingBag(vocab, dim)
        self.proj = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 128))

    def forward(self, ids: Tensor) -> Tensor:
        return self.proj(self.emb(ids))


class TripletLoss(nn.Module):
    def __init__(self, model: nn.Module, margin: float = 5.0) -> None:
        super().__init__()
        self.model = model
        self.margin = margin

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        rep_anchor, rep_pos, rep_neg = (self.model(x) for x in (anchor, positive, negative))
        distance_pos = -euclidean_sim(rep_anchor, rep_pos)
        distance_neg = -euclidean_sim(rep_anchor, rep_neg)
        losses = F.relu(distance_pos - distance_neg + self.margin)
        return losses.mean()


def train(model, triplets, lr=2e-5):
    loss_fct = TripletLoss(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    for a, p, n in triplets:
        loss = loss_fct(a, p, n)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
