"""Fine: tanh times sigmoid is a gated unit, with residual and skip paths around it."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GatedBlock(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.pad = dilation
        self.filter = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.gate = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.res = nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        h = F.pad(x, (self.pad, 0))
        h = torch.tanh(self.filter(h)) * torch.sigmoid(self.gate(h))
        return x + self.res(h), self.skip(h)


class WaveNet(nn.Module):
    def __init__(self, n_classes=256, channels=64, n_stacks=2, n_layers=8):
        super().__init__()
        self.embed = nn.Embedding(n_classes, channels)
        self.blocks = nn.ModuleList(
            GatedBlock(channels, 2 ** i) for _ in range(n_stacks) for i in range(n_layers)
        )
        self.norm = nn.GroupNorm(8, channels)
        self.out = nn.Conv1d(channels, n_classes, 1)

    def forward(self, tokens):
        x = self.embed(tokens).transpose(1, 2)
        skips = 0
        for block in self.blocks:
            x, s = block(x)
            skips = skips + s
        return self.out(F.relu(self.norm(skips)))


def loss_fn(model, tokens):
    logits = model(tokens[:, :-1])
    return F.cross_entropy(logits, tokens[:, 1:])
