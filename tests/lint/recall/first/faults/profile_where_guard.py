"""torch.where hides the NaN of the value, and the gradient brings it back.

Report: https://github.com/pytorch/pytorch/issues/68425
"""
import math

import torch
import torch.nn as nn


class SmoothProfile(nn.Module):
    """Radial profile: Gaussian cores, each with a square-root tail; scales are learned."""

    def __init__(self, n_comp: int = 4):
        super().__init__()
        self.log_scale = nn.Parameter(torch.linspace(-1, 1, n_comp))
        self.amp = nn.Parameter(torch.full((n_comp,), 1 / math.sqrt(n_comp)))

    def forward(self, r: torch.Tensor) -> torch.Tensor:
        s = self.log_scale.exp()
        u = r[:, None] - s
        tail = torch.where(u > 0, torch.sqrt(u), torch.zeros_like(u))
        core = torch.exp(-(r[:, None] / s) ** 2)
        return ((core + tail) * self.amp).sum(-1)


def main():
    torch.manual_seed(1)
    r = torch.linspace(0, 5, 200)
    target = torch.exp(-r)
    model = SmoothProfile()
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    for i in range(2000):
        opt.zero_grad()
        loss = ((model(r) - target) ** 2).mean()
        loss.backward()
        opt.step()
        if i % 100 == 0:
            print(i, loss.item())


if __name__ == "__main__":
    main()
