"""Fine: the in-place changes of weights run under no_grad, after the step."""
import copy

import torch
import torch.nn as nn


class ModelEMA:
    def __init__(self, model, decay=0.9998):
        self.module = copy.deepcopy(model).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for e, m in zip(self.module.state_dict().values(), model.state_dict().values()):
            if e.dtype.is_floating_point:
                e.mul_(self.decay).add_(m.detach(), alpha=1 - self.decay)
            else:
                e.copy_(m)


class MonotoneNet(nn.Module):
    """Non-negative weights in the last layer, kept so by projection."""

    def __init__(self, n_in=5, hidden=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, hidden)
        self.fc2 = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x))).squeeze(-1)

    def project(self):
        with torch.no_grad():
            self.fc2.weight.clamp_(min=0)


def fit(x, y, steps=1000, lr=1e-2):
    model = MonotoneNet(x.size(1))
    ema = ModelEMA(model)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    for i in range(steps):
        noisy = x.clone()
        noisy += 0.01 * torch.randn_like(noisy)
        opt.zero_grad()
        loss = nn.functional.l1_loss(model(noisy), y)
        loss.backward()
        opt.step()
        model.project()
        ema.update(model)
    return ema.module


@torch.no_grad()
def prune_(model, amount=0.2):
    for m in model.modules():
        if isinstance(m, nn.Linear):
            limit = m.weight.abs().flatten().quantile(amount)
            m.weight *= (m.weight.abs() > limit).float()
