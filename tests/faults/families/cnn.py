"""Convolutional classifiers by depth, activation, norm and initialisation."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, index, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import STRIPES


class LeNet(nn.Module):
    """Two convolutions with pooling, two linear layers; sigmoid as in 1998 or something newer."""

    def __init__(self, activation: Callable[[Tensor], Tensor], channels: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 5, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 5, padding=2)
        self.fc1 = nn.Linear(16 * 4 * 4, 32)
        self.fc2 = nn.Linear(32, 5)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.activation(self.conv1(x)), 2)
        x = F.max_pool2d(self.activation(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.fc2(self.activation(self.fc1(x)))


def block(before: int, after: int, norm: str, activation: type[nn.Module] = nn.ReLU) -> nn.Module:
    norms: dict[str, Callable[[], nn.Module]] = {
        "none": nn.Identity,
        "batch": lambda: nn.BatchNorm2d(after),
        "group": lambda: nn.GroupNorm(4, after),
        "instance": lambda: nn.InstanceNorm2d(after, affine=True),
    }
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1), norms[norm](), activation())


class VGG(nn.Module):
    """Blocks of convolutions, halving the image twice, and global pooling."""

    def __init__(
        self,
        depth: int,
        norm: str = "none",
        activation: type[nn.Module] = nn.ReLU,
        init: Callable[[nn.Conv2d], object] | None = None,
        classes: int = 5,
        channels: int = 3,
    ) -> None:
        super().__init__()
        layers = [block(channels if i == 0 else 12, 12, norm, activation) for i in range(depth)]
        for index in (0, depth // 2):
            layers.insert(index + 1, nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(12, classes)
        if init is not None:
            for module in self.modules():
                if isinstance(module, nn.Conv2d):
                    init(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def he(conv: nn.Conv2d) -> None:
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)


def conv_init(fill: Callable[[Tensor], object]) -> Callable[[nn.Conv2d], object]:
    def init(conv: nn.Conv2d) -> None:
        fill(conv.weight)
        nn.init.zeros_(conv.bias)

    return init


def dirac(weight: Tensor) -> None:
    """The identity, where there are as many channels out as in."""
    if weight.shape[0] == weight.shape[1]:
        nn.init.dirac_(weight)


BYTES = replace(
    STRIPES,
    name="stripes as bytes",
    batch=lambda seed: ((40 * STRIPES.batch(seed)[0] + 128).clamp(0, 255), STRIPES.batch(seed)[1]),
)


case = Family("cnn", STRIPES)

CASES: tuple[Case, ...] = (
    case("lenet_relu", "lenet", lambda: LeNet(F.relu)),
    case("lenet_tanh", "lenet", lambda: LeNet(torch.tanh)),
    case("lenet_sigmoid", "lenet", lambda: LeNet(torch.sigmoid)),
    case(
        "lenet_bytes", "lenet bytes", lambda: LeNet(torch.tanh), "saturation", "conv1", task=BYTES
    ),
    case(
        "lenet_bytes_batchnorm",
        "lenet bytes",
        lambda: nn.Sequential(nn.BatchNorm2d(3), LeNet(torch.tanh)),
        task=BYTES,
    ),
    case("vgg_4", "vgg", lambda: VGG(4, init=he)),
    case("vgg_26_default", "vgg", lambda: VGG(26), "vanishing", "features.0", also="collapse"),
    case("vgg_8_he", "vgg", lambda: VGG(8, init=he)),
    case("vgg_12_batchnorm", "vgg", lambda: VGG(12, "batch")),
    case("vgg_4_groupnorm", "vgg", lambda: VGG(4, "group")),
    case("vgg_4_instancenorm", "vgg", lambda: VGG(4, "instance")),
    case(
        "vgg_10_sigmoid",
        "vgg sigmoid",
        lambda: VGG(10, activation=nn.Sigmoid),
        "vanishing",
        "features.0",
        also="collapse",
    ),
    case("vgg_6_sigmoid_batchnorm", "vgg sigmoid", lambda: VGG(6, "batch", nn.Sigmoid)),
    case(
        "vgg_12_small_normal",
        "vgg init",
        lambda: VGG(12, init=conv_init(lambda w: nn.init.normal_(w, 0.0, 0.01))),
        "vanishing",
        "features.0",
        also="collapse",
    ),
    case(
        "vgg_24_large_normal",
        "vgg init",
        lambda: VGG(24, init=conv_init(lambda w: nn.init.normal_(w, 0.0, 1.0))),
        "exploding",
        "features.0",
    ),
    case(
        "vgg_6_large_normal_batchnorm",
        "vgg init",
        lambda: VGG(6, "batch", init=conv_init(lambda w: nn.init.normal_(w, 0.0, 1.0))),
    ),
    case(
        "vgg_4_constant",
        "vgg constant",
        lambda: VGG(4, init=conv_init(lambda w: nn.init.constant_(w, 0.02))),
        "symmetry",
        "features.0",
    ),
    case(
        "vgg_4_constant_batchnorm",
        "vgg constant",
        lambda: VGG(4, "batch", init=conv_init(lambda w: nn.init.constant_(w, 0.02))),
        "symmetry",
        "features.0",
    ),
    case("vgg_4_dirac", "vgg constant", lambda: VGG(4, "batch", init=conv_init(dirac))),
    # With three channels in and twelve out, nine of the twelve see nothing and BatchNorm keeps
    # them at zero.
    case(
        "vgg_4_dirac_first",
        "vgg constant",
        lambda: VGG(4, "batch", init=conv_init(nn.init.dirac_)),
        "dead_units",
        "features.0",
        also="symmetry",
    ),
)
