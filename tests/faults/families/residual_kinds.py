"""Residual and dense networks of other kinds: convolutional, modulated, in place, cut."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator, union-attr"

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.residual import WIDTH, branch, resnet
from tests.faults.making import Family
from tests.faults.tasks import NESTED, STRIPES


class HalfCut(nn.Module):
    """The branch, or the skip connection, is detached."""

    def __init__(self, cut: str) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.branch = branch()
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        new = self.branch(self.norm(x))
        if self.cut == "branch":
            return x + new.detach()
        if self.cut == "skip":
            return x.detach() + new
        return x + new


class InPlace(nn.Module):
    """Adds into its input, with in-place activations."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, WIDTH),
            nn.ReLU(inplace=True),
            nn.Linear(WIDTH, WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        new = self.body(x)
        new += x
        return new


class Dense(nn.Module):
    """DenseNet: every layer sees all before it."""

    def __init__(self, depth: int, growth: int = 6) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16 + i * growth, growth) for i in range(depth)])
        self.classifier = nn.Linear(16 + depth * growth, 4)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.layers:
            features.append(F.elu(layer(torch.cat(features, dim=1))))
        return self.classifier(torch.cat(features, dim=1))


class ConvBlock(nn.Module):
    """The block of a ResNet; its last gamma may start at zero."""

    expansion = 1

    def __init__(self, before: int, after: int, stride: int, gamma: float | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = (
            None
            if stride == 1 and before == after
            else nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )
        )
        if gamma is not None:
            nn.init.constant_(self.bn2.weight, gamma)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    """Two stages of two blocks."""

    def __init__(self, gamma: float | None = None, *, shut: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(ConvBlock(8, 8, 1, gamma), ConvBlock(8, 8, 1, gamma))
        self.layer2 = nn.Sequential(ConvBlock(8, 16, 2, gamma), ConvBlock(16, 16, 1, gamma))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(16, 5)
        if shut:
            nn.init.constant_(self.layer1[1].bn1.bias, -20.0)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Modulated(nn.Module):
    """adaLN-zero: a condition decides scale, shift and gate, all zero at first."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.stem, self.condition = nn.Linear(12, WIDTH), nn.Linear(4, WIDTH)
        self.norms = nn.ModuleList(
            [nn.LayerNorm(WIDTH, elementwise_affine=False) for _ in range(depth)]
        )
        self.branches = nn.ModuleList([branch() for _ in range(depth)])
        self.modulation = nn.ModuleList([nn.Linear(WIDTH, 3 * WIDTH) for _ in range(depth)])
        for layer in self.modulation:
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.head = nn.Linear(WIDTH, 4)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        h, c = self.stem(x[:, :12]), F.silu(self.condition(x[:, 12:]))
        for norm, layers, modulation in zip(
            self.norms, self.branches, self.modulation, strict=True
        ):
            shift, scale, gate = modulation(c).chunk(3, dim=-1)
            h = h + gate * layers(norm(h) * (1 + scale) + shift)
        return self.head(h)


case = Family("residual", NESTED)

CASES: tuple[Case, ...] = (
    case("in_place_8", "in place", lambda: resnet(8, InPlace)),
    case("cut_nothing_4", "cut", lambda: resnet(4, lambda: HalfCut(""))),
    case("cut_branch_4", "cut", lambda: resnet(4, lambda: HalfCut("branch")), "disconnected", "1"),
    case("cut_skip_4", "cut", lambda: resnet(4, lambda: HalfCut("skip"))),
    case("dense_12", "dense", lambda: Dense(12)),
    case("resnet", "conv", ResNet, task=STRIPES),
    case("resnet_zero_gamma", "conv", lambda: ResNet(0.0), task=STRIPES),
    case(
        "resnet_shut_branch",
        "conv",
        lambda: ResNet(shut=True),
        "dead_units",
        "layer1.1.bn1 layer1.1.relu",
        STRIPES,
    ),
    case("modulated_6", "modulated", lambda: Modulated(6)),
)
