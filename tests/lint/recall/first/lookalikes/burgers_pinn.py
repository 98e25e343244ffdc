"""Fine: a physics-informed net needs a smooth activation, and its tanh layers have Xavier init."""
import math

import torch
import torch.nn as nn


class PINN(nn.Module):
    def __init__(self, layers=(2, 40, 40, 40, 40, 1)):
        super().__init__()
        self.linears = nn.ModuleList(
            [nn.Linear(layers[i], layers[i + 1]) for i in range(len(layers) - 1)]
        )
        for lin in self.linears:
            nn.init.xavier_normal_(lin.weight)
            nn.init.zeros_(lin.bias)

    def forward(self, x, t):
        a = torch.cat([x, t], dim=1)
        for lin in self.linears[:-1]:
            a = torch.tanh(lin(a))
        return self.linears[-1](a)


def grad(u, v):
    return torch.autograd.grad(u, v, torch.ones_like(u), create_graph=True)[0]


def residual(net, x, t, nu=0.01 / math.pi):
    x.requires_grad_(True)
    t.requires_grad_(True)
    u = net(x, t)
    u_x, u_t = grad(u, x), grad(u, t)
    return u_t + u * u_x - nu * grad(u_x, x)


net = PINN()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for it in range(10000):
    x_f, t_f = torch.rand(2000, 1) * 2 - 1, torch.rand(2000, 1)
    x_0 = torch.rand(200, 1) * 2 - 1
    u_0 = net(x_0, torch.zeros_like(x_0))
    loss = residual(net, x_f, t_f).pow(2).mean() + (u_0 + torch.sin(math.pi * x_0)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
