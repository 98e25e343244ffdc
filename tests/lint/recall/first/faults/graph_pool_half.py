"""A half-precision model divides by a sum plus 1e-8, which is zero in float16.

Report: https://github.com/pyg-team/pytorch_geometric/pull/2106
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

EPS = 1e-8


class SoftAssignPool(nn.Module):
    def __init__(self, dim, clusters):
        super().__init__()
        self.assign = nn.Linear(dim, clusters)
        self.lin = nn.Linear(dim, dim)

    def forward(self, x, mask):
        s = torch.softmax(self.assign(x), dim=-1) * mask.unsqueeze(-1)
        mass = s.sum(dim=1).unsqueeze(-1)
        pooled = s.transpose(1, 2) @ F.relu(self.lin(x))
        pooled = pooled / (mass + EPS)
        return pooled


class GraphNet(nn.Module):
    def __init__(self, n_in, n_out, dim=128):
        super().__init__()
        self.inp = nn.Linear(n_in, dim)
        self.pool = SoftAssignPool(dim, 16)
        self.out = nn.Linear(16 * dim, n_out)

    def forward(self, x, mask):
        x = self.pool(F.relu(self.inp(x)), mask)
        return self.out(x.flatten(1))


def train(loader, n_in, n_out):
    model = GraphNet(n_in, n_out).cuda().half()
    master = [p.detach().clone().float().requires_grad_() for p in model.parameters()]
    opt = torch.optim.Adam(master, lr=1e-3)
    scale = 1024.0
    for x, mask, y in loader:
        loss = F.cross_entropy(model(x.cuda().half(), mask.cuda().half()).float(), y.cuda())
        model.zero_grad()
        (loss * scale).backward()
        for m, p in zip(master, model.parameters()):
            m.grad = p.grad.float() / scale
        nn.utils.clip_grad_norm_(master, 1.0)
        opt.step()
        with torch.no_grad():
            for m, p in zip(master, model.parameters()):
                p.copy_(m)
