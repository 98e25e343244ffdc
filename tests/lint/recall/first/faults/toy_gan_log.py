"""GAN losses as written in the paper: log of a sigmoid's output, bare.

Report: https://github.com/AYLIEN/gan-intro/pull/10
"""
import numpy as np
import torch
import torch.nn as nn


class Generator(nn.Module):
    def __init__(self, h=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, h), nn.Softplus(), nn.Linear(h, 1))

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self, h=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU())
        self.out = nn.Linear(h, 1)

    def forward(self, x):
        return torch.sigmoid(self.out(self.body(x)))


G, D = Generator(), Discriminator()
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3)
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3)

for step in range(5000):
    x = torch.from_numpy(np.random.normal(4, 0.5, (64, 1))).float()
    z = torch.rand(64, 1) * 16 - 8

    d_loss = -torch.mean(torch.log(D(x)) + torch.log(1 - D(G(z).detach())))
    opt_d.zero_grad()
    d_loss.backward()
    nn.utils.clip_grad_norm_(D.parameters(), 1.0)
    opt_d.step()

    g_loss = -torch.mean(torch.log(D(G(z))))
    opt_g.zero_grad()
    g_loss.backward()
    nn.utils.clip_grad_norm_(G.parameters(), 1.0)
    opt_g.step()
    if step % 100 == 0:
        print(step, d_loss.item(), g_loss.item())
