"""Every weight of conv and linear layers is 0.01: symmetric kernels that never differ.

Report: https://github.com/davidmascharka/MyNN/pull/70
"""
import torch
from torch import nn


def weights_init(m):
    if isinstance(m, (nn.Conv2d, nn.Linear)):
        nn.init.constant_(m.weight, 0.01)
        if m.bias is not None:
            nn.init.constant_(m.bias, 0)


class SmallCNN(nn.Module):
    def __init__(self, in_ch: int = 1, n_cls: int = 26):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(in_ch, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),
        )
        self.fc = nn.Linear(32 * 16, n_cls)
        self.apply(weights_init)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def train(model, loader, device, epochs):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    crit = nn.CrossEntropyLoss()
    for ep in range(epochs):
        correct = total = 0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            loss = crit(logits, y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            correct += (logits.argmax(1) == y).sum().item()
            total += y.numel()
        print(f"[{ep}] acc={correct / total:.3f}")
