"""Thirty plain ReLU layers under the default init: the signal fades by 0.41 a layer.

Report: https://axeldomingues.dev/blog/initialization-scale-fragility-of-deep-networks
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class DeepMLP(nn.Module):
    """Does depth help on this dataset? Width stays fixed, depth goes up."""

    def __init__(self, in_dim=100, width=256, n_layers=30, n_classes=5):
        super().__init__()
        self.first = nn.Linear(in_dim, width)
        self.layers = nn.ModuleList()
        for i in range(n_layers):
            self.layers.append(nn.Linear(width, width))
        self.last = nn.Linear(width, n_classes)

    def forward(self, x):
        x = F.relu(self.first(x))
        for fc in self.layers:
            x = F.relu(fc(x))
        return self.last(x)


def main():
    torch.manual_seed(0)
    X = torch.randn(2000, 100)
    y = (X[:, 0] > 0).long() + 2 * (X[:, 1] > 0).long()
    net = DeepMLP()
    opt = torch.optim.SGD(net.parameters(), lr=0.05)
    for step in range(500):
        idx = torch.randint(0, 2000, (64,))
        loss = F.cross_entropy(net(X[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
        if step % 50 == 0:
            print(step, loss.item())


main()
