"""Small named networks that several test files share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth import Diagnosis

Init = Callable[[Tensor], object]

WIDTH = 32
CLASSES = 4


def vectors(rows: int = 16, width: int = WIDTH) -> Tensor:
    """A batch of standard normal vectors, (rows, width)."""
    return torch.randn(rows, width)


def labels(rows: int = 16) -> Tensor:
    """Class indices, (rows,)."""
    return torch.arange(rows) % CLASSES


def chain(
    activation: Callable[[], nn.Module],
    depth: int,
    *,
    width: int = WIDTH,
    init: Init | None = None,
    norm: Callable[[int], nn.Module] | None = None,
) -> nn.Sequential:
    """``depth`` x (Linear, optional norm, activation), then a linear head."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        linear = nn.Linear(width, width)
        if init is not None:
            init(linear.weight)
            nn.init.zeros_(linear.bias)
        layers += [linear, *([norm(width)] if norm is not None else []), activation()]
    return nn.Sequential(*layers, nn.Linear(width, CLASSES))


def he(weight: Tensor) -> None:
    """He et al. (2015): keeps the second moment through ReLU."""
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def xavier(weight: Tensor) -> None:
    """Glorot and Bengio (2010), with tanh's gain."""
    nn.init.xavier_normal_(weight, gain=nn.init.calculate_gain("tanh"))


def too_large(weight: Tensor) -> None:
    """Four times He's standard deviation: every ReLU layer multiplies by about four."""
    nn.init.normal_(weight, std=4 * math.sqrt(2 / weight.shape[1]))


class Gated(nn.Module):
    """``depth`` residual blocks whose branches a scale starts at ``gate`` (ReZero, LayerScale)."""

    def __init__(self, depth: int, gate: float, *, width: int = WIDTH, zero_head: bool = False):
        super().__init__()
        self.stem = nn.Linear(width, width)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU())
            for _ in range(depth)
        )
        self.gates = nn.ParameterList(
            nn.Parameter(torch.full((width,), gate)) for _ in range(depth)
        )
        self.head = nn.Linear(width, CLASSES)
        if zero_head:
            nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        for gate, branch in zip(self.gates, self.branches, strict=True):
            x = x + gate * branch(x)
        return self.head(x)


class BasicBlock(nn.Module):
    """A residual block with two convolutions, in-place ReLU and ``out += shortcut``."""

    def __init__(self, channels: int, *, zero_gamma: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.act = nn.ReLU(inplace=True)
        if zero_gamma:
            nn.init.zeros_(self.bn2.weight)

    def forward(self, x: Tensor) -> Any:
        out = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        out += x
        return self.act(out)


class SmallResNet(nn.Module):
    """A stem, some basic blocks, global pooling, a head; takes (batch, 3, h, w)."""

    def __init__(self, blocks: int = 3, channels: int = 8, *, zero_gamma: bool = False) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.Sequential(
            *(BasicBlock(channels, zero_gamma=zero_gamma) for _ in range(blocks))
        )
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.blocks(self.stem(x)).mean(dim=(2, 3)))


def images(rows: int = 4, size: int = 10) -> Tensor:
    """A batch of standard normal images, (rows, 3, size, size)."""
    return torch.randn(rows, 3, size, size)


class Recurrent(nn.Module):
    """A recurrent layer and a head on its last step; takes (batch, time, width)."""

    def __init__(self, kind: Callable[..., nn.RNNBase], width: int = 8, **options: Any) -> None:
        super().__init__()
        self.rnn = kind(width, width, batch_first=True, **options)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x: Tensor) -> Any:
        out, _ = self.rnn(x)
        return self.head(out[:, -1])


class Transformer(nn.Module):
    """An embedding, encoder layers, a head over tokens; takes (batch, time) of token ids."""

    def __init__(self, depth: int = 2, *, pre_norm: bool = True, dropout: float = 0.1) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            16, 2, 32, dropout, batch_first=True, norm_first=pre_norm
        )
        self.embed = nn.Embedding(20, 16)
        self.body = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.body(self.embed(x)))


def tokens(rows: int = 4, length: int = 6) -> Tensor:
    """A batch of token ids below 20, (rows, length)."""
    return torch.randint(0, 20, (rows, length))


def shown(diagnosis: Diagnosis) -> frozenset[str]:
    """The symptoms, without the collapse that comes with a fade: two sides of one thing."""
    faded = diagnosis.symptoms & {"vanishing"}
    return diagnosis.symptoms - ({"collapse"} if faded else set())
