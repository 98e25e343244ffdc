"""Fine: what is summed for the log is a number or a detached tensor."""
from collections import defaultdict

import torch
import torch.nn as nn
import torch.nn.functional as F


class AverageMeter:
    def __init__(self):
        self.sum, self.count = 0.0, 0

    def update(self, val, n=1):
        self.sum += val * n
        self.count += n

    @property
    def avg(self):
        return self.sum / max(self.count, 1)


class TwoHeads(nn.Module):
    def __init__(self, n_in=64, n_cls=4):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, 128), nn.ReLU())
        self.cls, self.reg = nn.Linear(128, n_cls), nn.Linear(128, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.cls(h), self.reg(h).squeeze(-1)


def train_one_epoch(model, loader, optimizer, device):
    meters = defaultdict(AverageMeter)
    total = torch.zeros((), device=device)
    model.train()
    for x, c, r in loader:
        x, c, r = x.to(device), c.to(device), r.to(device)
        logits, pred = model(x)
        parts = {"cls": F.cross_entropy(logits, c), "reg": F.smooth_l1_loss(pred, r)}
        loss = parts["cls"] + 0.5 * parts["reg"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach()
        for name, part in parts.items():
            meters[name].update(part.item(), len(x))
    return (total / len(loader)).item(), {k: m.avg for k, m in meters.items()}
