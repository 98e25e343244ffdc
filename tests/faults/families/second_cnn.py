"""Separable, squeezed, one-dimensional and badly scaled convolutional networks."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.families.second_family import SecondFamily
from tests.faults.making import Function
from tests.faults.tasks import STAMPS, STRIPES, stripes

case = SecondFamily("cnn", STRIPES)


class Separable(nn.Sequential):
    """Depthwise, pointwise, norm, ReLU6, as in MobileNet."""

    def __init__(self, before: int, after: int, stride: int, *, norm: bool) -> None:
        super().__init__(
            nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False),
            nn.Conv2d(before, after, 1, bias=not norm),
            nn.BatchNorm2d(after) if norm else nn.Identity(),
            nn.ReLU6(),
        )


class Mobile(nn.Module):
    """A stem, three separable blocks, pooling, a classifier."""

    def __init__(self, *, norm: bool = True, brightness: float = 1.0) -> None:
        super().__init__()
        self.brightness = brightness
        self.stem = nn.Conv2d(3, 12, 3, padding=1)
        self.features = nn.Sequential(
            Separable(12, 16, 1, norm=norm),
            Separable(16, 24, 2, norm=norm),
            Separable(24, 24, 1, norm=norm),
        )
        self.classifier = nn.Linear(24, 5)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu6(self.stem(image * self.brightness))
        return self.classifier(self.features(x).mean((2, 3)))


def folded(variance: float) -> nn.Module:
    """Norms kept in eval mode with statistics from elsewhere."""
    model = Mobile()

    class Elsewhere(nn.BatchNorm2d):
        def train(self, mode: bool = True) -> Elsewhere:
            return super().train(False)

    for block in model.features:
        elsewhere = Elsewhere(block[2].num_features).train()
        nn.init.constant_(elsewhere.running_var, variance)
        block[2] = elsewhere
    return model


class Squeeze(nn.Module):
    """Channel weights from the channels' means; scored over the wrong axis they are all one."""

    def __init__(self, channels: int, gate: Callable[[Tensor], Tensor], bias: float = 0.0) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // 2, 1)
        self.expand = nn.Conv2d(channels // 2, channels, 1)
        self.gate = gate
        nn.init.constant_(self.expand.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        pooled = F.adaptive_avg_pool2d(x, 1)
        return x * self.gate(self.expand(F.relu(self.reduce(pooled))))


def squeezed(
    gate: Callable[[Tensor], Tensor] = torch.sigmoid, bias: float = 0.0, blocks: int = 2
) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 5, padding=2), nn.ReLU()]
    for _ in range(blocks):
        layers += [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), Squeeze(16, gate, bias)]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 6))


def row(seed: int) -> tuple[Tensor, Tensor]:
    """Sound: one of five pitches in 48 noisy samples."""
    source = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 5, (48,), generator=source)
    phase = 2 * math.pi * torch.rand(48, 1, generator=source)
    pitch = 0.25 + 0.3 * labels.unsqueeze(1)
    sound = torch.sin(pitch * torch.arange(48.0) + phase)
    return (sound + 0.3 * torch.randn(48, 48, generator=source)).unsqueeze(1), labels


SOUND = replace(STRIPES, name="sound", batch=row, learned=0.9, steps=250)


class GatedWave(nn.Module):
    """Dilated convolutions with gates, whose outputs go to the next layer and to the sum."""

    def __init__(self, depth: int, residual: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.start = nn.Conv1d(1, 16, 1)
        self.filters, self.gates = nn.ModuleList(), nn.ModuleList()
        for layer in range(depth):
            dilation = 2 ** (layer % 3)
            for part in (self.filters, self.gates):
                part.append(nn.Conv1d(16, 16, 3, padding=dilation, dilation=dilation))
        self.end = nn.Sequential(nn.Conv1d(16, 32, 1), nn.ReLU(), nn.Conv1d(32, 5, 1))
        self.residual = residual

    def forward(self, wave: Tensor) -> Tensor:
        x = self.start(wave)
        for values, gates in zip(self.filters, self.gates, strict=True):
            x = self.residual(x, torch.tanh(values(x)) * torch.sigmoid(gates(x)))
        return self.end(x).mean(2)


def scaled_conv(std: Callable[[int], float], depth: int = 12) -> nn.Module:
    """Every convolution drawn with a deviation made from its fan-in; pooled at the end."""
    layers: list[nn.Module] = []
    for index in range(depth):
        conv = nn.Conv2d(3 if index == 0 else 10, 10, 3, 2 if index == 1 else 1, 1)
        nn.init.normal_(conv.weight, 0.0, std(conv.weight[0].numel()))
        nn.init.zeros_(conv.bias)
        layers += [conv, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(10, 5))


class Thumbnail(nn.Module):
    """Features stored as an eight-bit image between two stages, or only clipped to its range."""

    def __init__(self, store: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 12, 5, padding=2), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.store = Function(store)
        self.decoder = nn.Sequential(nn.Conv2d(12, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.out = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.decoder(self.store(self.encoder(x))).flatten(1))


def eight_bits(x: Tensor) -> Tensor:
    return (x.clamp(0, 4) * 63).to(torch.uint8).float() / 63


def fewer(task: Task, **changes: Any) -> Task:
    return replace(task, **changes)


FEW_STAMPS = fewer(STAMPS, name="stamps, fewer steps", steps=100)
BRIGHT = fewer(STRIPES, name="stripes, few steps", batch=stripes, steps=60)

CASES: tuple[Case, ...] = (
    case("mobile", "mobile", Mobile),
    case("mobile_bright_norm", "mobile", lambda: Mobile(brightness=8.0)),
    case(
        "mobile_statistics_from_elsewhere",
        "mobile",
        lambda: folded(1e6),
        "vanishing",
        "stem features.0",
        also="collapse",
    ),
    case("squeeze", "squeeze", squeezed, task=STAMPS),
    case(
        "squeeze_softmax_of_one",
        "squeeze",
        lambda: squeezed(lambda s: s.softmax(-1)),
        "disconnected",
        "4 7",
        STAMPS,
        "vanishing collapse saturation",
    ),
    case(
        "squeeze_gates_shut",
        "squeeze",
        lambda: squeezed(bias=-30.0),
        "saturation",
        "4 7",
        FEW_STAMPS,
        "vanishing collapse",
    ),
    case("wave_residual", "gated wave", lambda: GatedWave(6, lambda x, new: x + new), task=SOUND),
    case(
        "wave_no_residual_16",
        "gated wave",
        lambda: GatedWave(16, lambda x, new: new),
        "vanishing",
        "start filters.0 gates.0",
        fewer(SOUND, name="sound, fewer steps", steps=50),
        "collapse",
    ),
    case(
        "wave_residual_data",
        "gated wave",
        lambda: GatedWave(4, lambda x, new: x + new.data),
        "disconnected",
        "filters gates",
        SOUND,
    ),
    case("fan_in", "conv std", lambda: scaled_conv(lambda n: math.sqrt(2 / n), 7)),
    case(
        "fan_in_without_root",
        "conv std",
        lambda: scaled_conv(lambda n: 2 / n, 24),
        "vanishing",
        "0",
        BRIGHT,
        "collapse",
    ),
    case(
        "fan_in_forgotten",
        "conv std",
        lambda: scaled_conv(lambda n: math.sqrt(2.0)),
        "exploding",
        "0",
        BRIGHT,
        "nonfinite",
    ),
    case("thumbnail_clipped", "thumbnail", lambda: Thumbnail(lambda x: x.clamp(0, 4))),
    case("thumbnail_bytes", "thumbnail", lambda: Thumbnail(eight_bits), "disconnected", "encoder"),
)
