"""Fine: the parameters are torch.empty at first, the base class fills all of them."""
import math

import torch
from torch import nn
from torch.nn import functional as F


class InitMixin(nn.Module):
    def reset_parameters(self) -> None:
        for name, p in self.named_parameters(recurse=False):
            if p.dim() > 1:
                bound = math.sqrt(3.0 / p.size(-1))
                nn.init.uniform_(p, -bound, bound)
            else:
                nn.init.zeros_(p)


class Bilinear(InitMixin):
    def __init__(self, left: int, right: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, left, right))
        self.bias = nn.Parameter(torch.empty(out))
        self.reset_parameters()

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return F.bilinear(a, b, self.weight, self.bias)


class LowRank(InitMixin):
    def __init__(self, n_in: int, n_out: int, rank: int) -> None:
        super().__init__()
        self.u = nn.Parameter(torch.Tensor(n_out, rank))
        self.v = nn.Parameter(torch.Tensor(rank, n_in))
        self.reset_parameters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(F.linear(x, self.v), self.u)


class PairScorer(nn.Module):
    def __init__(self, dim: int = 128) -> None:
        super().__init__()
        self.reduce = LowRank(dim, 64, 16)
        self.pair = Bilinear(64, 64, 1)

    def forward(self, a, b):
        return self.pair(torch.relu(self.reduce(a)), torch.relu(self.reduce(b))).squeeze(-1)
