"""The same networks with the textbook remedies; each class changes one thing."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class HeChain(nn.Module):
    """ReLU with He's init keeps the gradient's size; wide, since a single unit dies of one sign."""

    def __init__(self, width: int = 64, num_layers: int = 20) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(num_layers)])
        self.head = nn.Linear(width, 1)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, mode="fan_in", nonlinearity="relu")
            nn.init.constant_(layer.bias, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x)


class NormalisedSigmoid(nn.Module):
    """Batch normalisation keeps every sigmoid in its steep part and undoes the shrinking."""

    def __init__(self, width: int = 64, num_layers: int = 20) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for _ in range(num_layers):
            blocks += [nn.Linear(width, width), nn.BatchNorm1d(width), nn.Sigmoid()]
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class ResidualTanh(nn.Module):
    """A path around every layer: the gradient no longer has to pass any tanh."""

    def __init__(self, width: int = 64, num_layers: int = 40) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(num_layers)])
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = x + torch.tanh(layer(x)) / len(self.layers)
        return self.head(x)


class XavierTanh(nn.Module):
    """Xavier's init with tanh's gain of 5/3."""

    def __init__(self, width: int = 64, num_layers: int = 20) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(num_layers)])
        self.head = nn.Linear(width, 1)
        for layer in self.layers:
            nn.init.xavier_normal_(layer.weight, gain=nn.init.calculate_gain("tanh"))
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.head(x)


def normalised(x: Tensor) -> Tensor:
    """Inputs with mean 0 and standard deviation 1 per feature, as all of these expect."""
    return (x - x.mean(dim=0)) / (x.std(dim=0) + 1e-6)


def train(batches: Iterable[tuple[Tensor, Tensor]], epochs: int = 1) -> HeChain:
    model = HeChain()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss_fn = nn.MSELoss()
    for _ in range(epochs):
        for x, target in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(normalised(x)), target)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
    return model
