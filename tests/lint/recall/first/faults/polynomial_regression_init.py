"""All weights are drawn uniformly between 0.9 and 1.1: the mean dwarfs the spread.

Report: https://github.com/HUSTSYJ/DA_dahazing/issues/12
"""
import torch
import torch.nn as nn
from torch.nn import init


def init_weights(net, gain=0.1):
    def init_func(m):
        name = m.__class__.__name__
        if hasattr(m, "weight") and (name.find("Conv") != -1 or name.find("Linear") != -1):
            init.uniform_(m.weight.data, 1.0 - gain, 1.0 + gain)
            if getattr(m, "bias", None) is not None:
                init.constant_(m.bias.data, 0.0)

    net.apply(init_func)
    return net


class Regressor(nn.Module):
    def __init__(self, n_in, n_hidden=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, n_hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(n_hidden, n_hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(n_hidden, 1),
        )

    def forward(self, x):
        return self.net(x)


model = init_weights(Regressor(12))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))


def step(x, y):
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
