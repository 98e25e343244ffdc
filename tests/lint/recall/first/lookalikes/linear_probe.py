"""Fine: the backbone is frozen on purpose and runs under no_grad; the probe on top is what trains."""
import argparse

import torch
import torch.nn as nn
from torch.utils.data import DataLoader


def get_backbone(name="dinov2_vits14"):
    backbone = torch.hub.load("facebookresearch/dinov2", name)
    backbone.requires_grad_(False)
    return backbone.eval()


class LinearProbe(nn.Module):
    def __init__(self, dim, n_classes):
        super().__init__()
        self.bn = nn.BatchNorm1d(dim, affine=False)
        self.fc = nn.Linear(dim, n_classes)
        self.fc.weight.data.normal_(mean=0.0, std=0.01)
        self.fc.bias.data.zero_()

    def forward(self, f):
        return self.fc(self.bn(f))


def main(train_set, n_classes):
    p = argparse.ArgumentParser()
    p.add_argument("--lr", type=float, default=0.02)
    p.add_argument("--epochs", type=int, default=10)
    args = p.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"

    backbone = get_backbone().to(device)
    probe = LinearProbe(384, n_classes).to(device)
    optimizer = torch.optim.SGD(probe.parameters(), lr=args.lr, momentum=0.9)
    loader = DataLoader(train_set, batch_size=256, shuffle=True, num_workers=8, drop_last=True)
    for epoch in range(args.epochs):
        probe.train()
        for img, label in loader:
            with torch.no_grad():
                feats = backbone(img.to(device))
            loss = nn.functional.cross_entropy(probe(feats), label.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())
