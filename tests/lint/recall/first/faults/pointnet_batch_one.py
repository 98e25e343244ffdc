"""Batch normalisation behind a global pool with a batch size of one.

Report: https://github.com/nikitakaraevv/pointnet/issues/18
"""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=15, type=int)
    parser.add_argument("--batch_size", default=1, type=int, help="training batch size")
    parser.add_argument("--lr", default=1e-3, type=float)
    return parser.parse_args()


class PointNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv1d(3, 64, 1)
        self.conv2 = nn.Conv1d(64, 1024, 1)
        self.bn1, self.bn2 = nn.BatchNorm1d(64), nn.BatchNorm1d(1024)
        self.fc1 = nn.Linear(1024, 512)
        self.bn3 = nn.BatchNorm1d(512)
        self.fc2 = nn.Linear(512, classes)

    def forward(self, pts):
        x = F.relu(self.bn1(self.conv1(pts)))
        x = self.bn2(self.conv2(x)).max(dim=-1)[0]
        x = F.relu(self.bn3(self.fc1(x)))
        return self.fc2(x)


def main(train_ds):
    args = parse()
    net = PointNet()
    optimizer = torch.optim.Adam(net.parameters(), lr=args.lr)
    train_loader = DataLoader(train_ds, batch_size=args.batch_size, shuffle=True)
    for epoch in range(args.epochs):
        net.train()
        for pts, label in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(pts.transpose(1, 2)), label)
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())
