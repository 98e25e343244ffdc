"""A deep ReLU chain whose weights are drawn around 1.5: every layer multiplies, so it explodes."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

NUM_LAYERS = 20


class ExplodingChain(nn.Module):
    """One unit wide; the gradient is the product of the weights, about 1.5 to the depth."""

    def __init__(self, num_layers: int = NUM_LAYERS) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(1, 1) for _ in range(num_layers)])
        for layer in self.layers:
            nn.init.normal_(layer.weight, mean=1.5, std=0.1)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return x


def train(batches: Iterable[tuple[Tensor, Tensor]], epochs: int = 1) -> ExplodingChain:
    model = ExplodingChain()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss_fn = nn.MSELoss()
    for _ in range(epochs):
        for x, target in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(x), target)
            loss.backward()
            optimizer.step()
    return model
