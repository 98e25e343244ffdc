"""Deep sigmoid and tanh stacks with PyTorch's default init: every layer shrinks the gradient."""

import torch
from torch import Tensor, nn


class DeepSigmoid(nn.Module):
    """Sigmoid passes on at most a quarter of the gradient, and its output is not centred."""

    def __init__(self, width: int = 64, num_layers: int = 20) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for _ in range(num_layers):
            blocks += [nn.Linear(width, width), nn.Sigmoid()]
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class DeepTanh(nn.Module):
    """Tanh is centred, but the default init is too small: a third of the critical variance."""

    def __init__(self, width: int = 64, num_layers: int = 40) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(num_layers)])
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return self.head(x)
