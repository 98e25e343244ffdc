"""Fine: constants are buffers, parameters are made on their device before they are wrapped."""
import math

import torch
from torch import nn


class RotaryAttention(nn.Module):
    def __init__(self, dim=128, heads=4, max_len=256, device="cpu"):
        super().__init__()
        self.heads, self.dh = heads, dim // heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False, device=device)
        self.out = nn.Linear(dim, dim, device=device)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1, device=device))
        self.sink = nn.Parameter(torch.zeros(heads, 1, 1).to(device))
        freq = 10000 ** (-torch.arange(0, self.dh, 2).float() / self.dh)
        angle = torch.outer(torch.arange(max_len).float(), freq)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        self.last_entropy = torch.tensor(0.0)

    def rotate(self, x):
        n = x.size(-2)
        a, b = x[..., 0::2], x[..., 1::2]
        c, s = self.cos[:n], self.sin[:n]
        return torch.cat([a * c - b * s, a * s + b * c], dim=-1)

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, self.dh).permute(2, 0, 3, 1, 4)
        scores = self.rotate(q) @ self.rotate(k).transpose(-2, -1) / math.sqrt(self.dh)
        scores = torch.cat([scores * self.temperature, self.sink.expand(b, -1, n, 1)], dim=-1)
        weights = scores.softmax(-1)[..., :-1]
        return self.out((weights @ v).transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    def __init__(self, dim=128):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.attn = RotaryAttention(dim)

    def forward(self, x):
        return x + self.attn(self.norm(x))
