"""A vanilla tanh nn.RNN over 750 steps, no gates, default init, no clipping.

Report: https://github.com/neulab/dynet-benchmark/pull/16
"""
import argparse

import torch
from torch import nn, optim

parser = argparse.ArgumentParser()
parser.add_argument("--T", type=int, default=750, help="sequence length")
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--batch", type=int, default=50)
parser.add_argument("--iters", type=int, default=60000)
args = parser.parse_args()


def adding_batch(T, n):
    values = torch.rand(n, T)
    mask = torch.zeros(n, T)
    half = T // 2
    for i in range(n):
        mask[i, torch.randint(0, half, (1,))] = 1
        mask[i, torch.randint(half, T, (1,))] = 1
    x = torch.stack([values, mask], dim=-1)
    return x, (values * mask).sum(1, keepdim=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(2, args.hidden, batch_first=True)
        self.fc = nn.Linear(args.hidden, 1)

    def forward(self, x):
        out, _ = self.rnn(x)
        return self.fc(out[:, -1])


net = Net()
opt = optim.Adam(net.parameters(), lr=1e-3)
for it in range(args.iters):
    x, y = adding_batch(args.T, args.batch)
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 500 == 0:
        print(it, loss.item())
