"""Twenty-four tanh layers with PyTorch's default initialisation, no norm and no skip.

Report: https://d2l.smola.org/slides/pytorch/chapter_multilayer-perceptrons/numerical-stability-and-init.html
"""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class NetConfig:
    n_features: int = 42
    hidden: int = 128
    depth: int = 24
    n_targets: int = 1


class TabularNet(nn.Module):
    def __init__(self, cfg: NetConfig = NetConfig()):
        super().__init__()
        self.inp = nn.Linear(cfg.n_features, cfg.hidden)
        self.hidden_layers = nn.ModuleList(
            [nn.Linear(cfg.hidden, cfg.hidden) for _ in range(cfg.depth)]
        )
        self.out = nn.Linear(cfg.hidden, cfg.n_targets)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.tanh(self.inp(x))
        for layer in self.hidden_layers:
            h = torch.tanh(layer(h))
        return self.out(h)


def fit(net, loader, epochs=20):
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_fn = nn.SmoothL1Loss()
    net.train()
    for _ in range(epochs):
        for xb, yb in loader:
            pred = net(xb)
            loss = loss_fn(pred, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
    return net
