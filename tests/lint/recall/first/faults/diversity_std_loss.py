"""A diversity term takes the std over the batch, which is 0 where a unit is dead.

Report: https://github.com/pytorch/pytorch/issues/4320
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvEncoder(nn.Module):
    def __init__(self, code=64):
        super().__init__()
        self.c1 = nn.Conv2d(3, 32, 4, 2, 1)
        self.c2 = nn.Conv2d(32, 64, 4, 2, 1)
        self.b2 = nn.BatchNorm2d(64)
        self.fc = nn.Linear(64 * 16 * 16, code)

    def forward(self, x):
        x = F.relu(self.c1(x))
        x = F.relu(self.b2(self.c2(x)))
        return F.relu(self.fc(x.flatten(1)))


class Decoder(nn.Module):
    def __init__(self, code=64):
        super().__init__()
        self.fc = nn.Linear(code, 3 * 64 * 64)

    def forward(self, z):
        return self.fc(z).view(-1, 3, 64, 64)


def loss_terms(enc, dec, x, weight=0.1):
    z = enc(x)
    rec = F.mse_loss(dec(z), x)
    spread = z.std(dim=0).mean()
    return rec - weight * spread


enc, dec = ConvEncoder(), Decoder()
opt = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), 2e-4)


def fit(loader):
    for x, _ in loader:
        opt.zero_grad()
        loss_terms(enc, dec, x).backward()
        opt.step()
