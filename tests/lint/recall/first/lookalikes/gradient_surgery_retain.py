"""Fine: the first of two backwards on one graph has to retain it, the second does not."""
import torch
import torch.nn as nn


class Shared(nn.Module):
    def __init__(self, n_in=32):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.a, self.b = nn.Linear(64, 1), nn.Linear(64, 3)

    def forward(self, x):
        h = self.trunk(x)
        return self.a(h).squeeze(-1), self.b(h)


def flat_grad(params):
    return torch.cat([p.grad.flatten() if p.grad is not None else torch.zeros_like(p).flatten() for p in params])


def project(g, other):
    dot = torch.dot(g, other)
    return g - torch.clamp(dot, max=0.0) / (other.pow(2).sum() + 1e-12) * other


def pcgrad_step(model, optimizer, x, ya, yb):
    params = list(model.parameters())
    out_a, out_b = model(x)
    loss_a = nn.functional.mse_loss(out_a, ya)
    loss_b = nn.functional.cross_entropy(out_b, yb)

    optimizer.zero_grad()
    loss_a.backward(retain_graph=True)
    g_a = flat_grad(params)
    optimizer.zero_grad()
    loss_b.backward()
    g_b = flat_grad(params)

    merged = project(g_a, g_b) + project(g_b, g_a)
    offset = 0
    for p in params:
        n = p.numel()
        p.grad = merged[offset:offset + n].view_as(p).clone()
        offset += n
    optimizer.step()
    return loss_a.item(), loss_b.item()
