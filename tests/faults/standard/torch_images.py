"""Image classifiers, segmenters and critics assembled from torch.nn."""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from tests.faults.standard.entry import Standard

CLASSES = 10


class LeNet(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Flatten(), nn.Linear(16 * 6 * 6, 120), nn.Tanh(),
            nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, CLASSES),
        )  # fmt: skip


class UNet(nn.Module):
    def __init__(self, width: int = 16, levels: int = 3) -> None:
        super().__init__()
        self.down, self.up, self.join = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.stem = self._double(3, width)
        for level in range(levels):
            inner, outer = width * 2 ** (level + 1), width * 2**level
            self.down.append(self._double(outer, inner))
            self.up.insert(0, nn.ConvTranspose2d(inner, outer, 2, stride=2))
            self.join.insert(0, self._double(inner, outer))
        self.head = nn.Conv2d(width, 4, 1)

    @staticmethod
    def _double(inner: int, outer: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(inner, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU(inplace=True),
            nn.Conv2d(outer, outer, 3, padding=1), nn.BatchNorm2d(outer), nn.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(F.max_pool2d(x, 2))
        for up, join, skip in zip(self.up, self.join, reversed(skips), strict=True):
            x = join(torch.cat([skip, up(x)], dim=1))
        return self.head(x)  # type: ignore[no-any-return]


def _dcgan_init(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def dcgan_generator() -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(32, 64, 4, 1, 0, bias=False), nn.BatchNorm2d(64), nn.ReLU(True),
        nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(True),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True),
        nn.ConvTranspose2d(16, 3, 4, 2, 1, bias=False), nn.Tanh(),
    ).apply(_dcgan_init)  # fmt: skip


def dcgan_discriminator() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True),
        nn.Conv2d(16, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.LeakyReLU(0.2, True),
        nn.Conv2d(32, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2, True),
        nn.Conv2d(64, 1, 4, 1, 0, bias=False), nn.Flatten(0),
    ).apply(_dcgan_init)  # fmt: skip


def spectral_critic() -> nn.Module:
    return nn.Sequential(
        spectral_norm(nn.Conv2d(3, 16, 4, 2, 1)), nn.LeakyReLU(0.1),
        spectral_norm(nn.Conv2d(16, 32, 4, 2, 1)), nn.LeakyReLU(0.1),
        spectral_norm(nn.Conv2d(32, 64, 4, 2, 1)), nn.LeakyReLU(0.1),
        nn.Flatten(), spectral_norm(nn.Linear(64 * 16, 1)), nn.Flatten(0),
    )  # fmt: skip


class FixupBlock(nn.Module):
    """A residual block without norms: He divided by the depth's root, last convolution zero."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(1)) for _ in range(4)])
        self.scale = nn.Parameter(torch.ones(1))
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        nn.init.normal_(self.first.weight, 0.0, math.sqrt(2 / (9 * width)) * depth**-0.5)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        a, b, c, d = self.biases
        out = self.second(torch.relu(self.first(x + a) + b) + c)
        return torch.relu(x + self.scale * out + d)


def fixup_resnet(depth: int = 12) -> nn.Module:
    head = nn.Linear(16, CLASSES)
    nn.init.zeros_(head.weight)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), *(FixupBlock(16, depth) for _ in range(depth)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), head,
    )  # fmt: skip


def _labelled(channels: int, size: int, count: int = 16) -> tuple[Tensor, Tensor]:
    return torch.randn(count, channels, size, size), torch.randint(0, CLASSES, (count,))


def _segments() -> tuple[Tensor, Tensor]:
    return torch.randn(4, 3, 32, 32), torch.randint(0, 4, (4, 32, 32))


def _real_or_not() -> tuple[Tensor, Tensor]:
    return torch.rand(16, 3, 32, 32) * 2 - 1, torch.rand(16).round()


def _hinge(output: Tensor, target: Tensor) -> Tensor:
    return F.relu(1 - (2 * target - 1) * output).mean()


IMAGES: tuple[Standard, ...] = (
    Standard("LeNet", "torch.nn", LeNet, functools.partial(_labelled, 1, 32), F.cross_entropy),
    Standard("U-Net", "torch.nn", UNet, _segments, F.cross_entropy),
    Standard(
        "DCGAN generator",
        "torch.nn",
        dcgan_generator,
        lambda: (torch.randn(16, 32, 1, 1), torch.rand(16, 3, 32, 32) * 2 - 1),
        F.mse_loss,
    ),
    Standard(
        "DCGAN discriminator",
        "torch.nn",
        dcgan_discriminator,
        _real_or_not,
        F.binary_cross_entropy_with_logits,
    ),
    Standard("spectral-norm critic", "torch.nn", spectral_critic, _real_or_not, _hinge),
    Standard(
        "Fixup ResNet",
        "torch.nn",
        fixup_resnet,
        functools.partial(_labelled, 3, 16),
        F.cross_entropy,
    ),
)
