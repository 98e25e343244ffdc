"""Fine: ones and tiny constants are scales of norms and branches; torch.rand draws a mask."""
import torch
import torch.nn as nn


class RMSNorm(nn.Module):
    def __init__(self, dim: int, eps: float = 1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class LayerScale(nn.Module):
    def __init__(self, dim, init_value=1e-5):
        super().__init__()
        self.gamma = nn.Parameter(init_value * torch.ones(dim))

    def forward(self, x):
        return x * self.gamma


class DropPath(nn.Module):
    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0.0:
            return x
        keep = torch.rand(x.size(0), 1, 1, device=x.device) >= self.p
        return x * keep / (1 - self.p)


class FeedForwardBlock(nn.Module):
    def __init__(self, dim=256, drop=0.1):
        super().__init__()
        self.norm = RMSNorm(dim)
        self.up = nn.Linear(dim, 4 * dim, bias=False)
        self.down = nn.Linear(4 * dim, dim, bias=False)
        self.scale = LayerScale(dim)
        self.path = DropPath(drop)

    def forward(self, x):
        h = self.down(nn.functional.silu(self.up(self.norm(x))))
        return x + self.path(self.scale(h))


def random_masking(x, ratio=0.75):
    noise = torch.rand(x.shape[:2], device=x.device)
    keep = noise.argsort(dim=1)[:, : int(x.size(1) * (1 - ratio))]
    return x.gather(1, keep.unsqueeze(-1).expand(-1, -1, x.size(-1)))
