"""Fine: only the output layer starts at zero; the trunk behind it is random."""
import torch
from torch import nn


class ResidualForecaster(nn.Module):
    """Predicts the change from the last observed value; it starts as persistence."""

    def __init__(self, window=48, horizon=12, width=128):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(window, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.head = nn.Linear(width, horizon)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        last = x[:, -1:]
        return last + self.head(self.trunk(x - last))


def run(train_x, train_y, epochs=50, batch=256):
    model = ResidualForecaster()
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(epochs):
        order = torch.randperm(len(train_x))
        for idx in order.split(batch):
            opt.zero_grad()
            loss = (model(train_x[idx]) - train_y[idx]).abs().mean()
            loss.backward()
            opt.step()
        if epoch % 10 == 0:
            print(epoch, round(loss.item(), 4))
    return model
