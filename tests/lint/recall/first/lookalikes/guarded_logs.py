"""Fine: every logarithm has a clamp or an eps inside, or is log1p, or of plain numbers."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

EPS = 1e-6


def entropy(p: torch.Tensor) -> torch.Tensor:
    return -(p * torch.log(p.clamp_min(EPS))).sum(-1).mean()


def poisson_nll(rate, count):
    return (rate - count * (rate + EPS).log()).mean()


class CountModel(nn.Module):
    def __init__(self, n_in=20, n_topics=8):
        super().__init__()
        self.mix = nn.Linear(n_in, n_topics)
        self.rates = nn.Parameter(torch.zeros(n_topics))
        self.max_entropy = math.log(n_topics)

    def forward(self, x):
        x = torch.log1p(x.clamp(min=0))
        p = self.mix(x).softmax(-1)
        rate = p @ F.softplus(self.rates)
        return rate, entropy(p) / self.max_entropy


def train(model, loader, opt, beta=0.01):
    for x, n in loader:
        opt.zero_grad()
        rate, h = model(x)
        loss = poisson_nll(rate, n) - beta * h
        loss.backward()
        opt.step()
        print(f"{loss.item():.3f} ppl {math.exp(min(20.0, loss.item())):.1f}")


model = CountModel()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
