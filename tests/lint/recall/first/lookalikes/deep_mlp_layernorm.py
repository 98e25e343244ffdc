"""Fine: twenty layers, each with a LayerNorm between the linear map and GELU."""
from collections import OrderedDict

import torch
import torch.nn as nn


def block(i, width):
    return OrderedDict([
        (f"fc{i}", nn.Linear(width, width)),
        (f"ln{i}", nn.LayerNorm(width)),
        (f"act{i}", nn.GELU()),
    ])


class DeepMLP(nn.Module):
    def __init__(self, n_in: int, n_out: int, width: int = 256, depth: int = 20):
        super().__init__()
        layers = OrderedDict([("proj", nn.Linear(n_in, width)), ("ln", nn.LayerNorm(width))])
        for i in range(depth):
            layers.update(block(i, width))
        layers["head"] = nn.Linear(width, n_out)
        self.net = nn.Sequential(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


def train(model: nn.Module, loader, lr: float = 3e-4, epochs: int = 10) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    huber = nn.HuberLoss()
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = huber(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    train(DeepMLP(30, 4), [])
