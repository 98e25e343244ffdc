"""Fine: a hook on every parameter clips its gradient as soon as it is there."""
import torch
from torch import nn, optim


class Forecaster(nn.Module):
    def __init__(self, n_features: int = 7, hidden: int = 96, horizon: int = 24):
        super().__init__()
        self.lstm = nn.LSTM(n_features, hidden, num_layers=2, batch_first=True, dropout=0.1)
        self.out = nn.Linear(hidden, horizon)

    def forward(self, x):
        h, _ = self.lstm(x)
        return self.out(h[:, -1])


def add_clip_hooks(model: nn.Module, limit: float = 1.0) -> None:
    for p in model.parameters():
        p.register_hook(lambda grad: torch.clamp(grad, -limit, limit))


def main(train_loader, epochs: int = 40) -> nn.Module:
    model = Forecaster()
    add_clip_hooks(model)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    loss_fn = nn.L1Loss()
    for epoch in range(epochs):
        model.train()
        losses = []
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        print(f"epoch {epoch:3d}  mae {sum(losses) / len(losses):.4f}")
    return model
