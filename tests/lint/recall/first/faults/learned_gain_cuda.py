"""nn.Parameter(...).cuda() is a plain tensor: parameters() does not list it.

Report: https://github.com/pytorch/pytorch/issues/20089
"""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class ChannelGain(nn.Module):
    def __init__(self, channels):
        super(ChannelGain, self).__init__()
        self.w = nn.Parameter(torch.ones(1, channels, 1, 1)).cuda()
        self.b = nn.Parameter(torch.zeros(1, channels, 1, 1)).to("cuda")

    def forward(self, x):
        return self.w * x + self.b


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.c1 = nn.Conv2d(3, 16, 3, 2, 1)
        self.g1 = ChannelGain(16)
        self.c2 = nn.Conv2d(16, 32, 3, 2, 1)
        self.g2 = ChannelGain(32)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = torch.relu(self.g1(self.c1(x)))
        x = torch.relu(self.g2(self.c2(x)))
        return self.fc(x.mean((2, 3)))


def main(images, labels):
    net = Net().cuda()
    print(sum(p.numel() for p in net.parameters()), "parameters")
    opt = torch.optim.Adam(net.parameters())
    for x, y in DataLoader(TensorDataset(images, labels), batch_size=64, shuffle=True):
        loss = nn.functional.cross_entropy(net(x.cuda()), y.cuda())
        opt.zero_grad()
        loss.backward()
        opt.step()
