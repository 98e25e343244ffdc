"""What a diagnosis costs against the bare forward and backward pass it contains.

``make bench`` prints both side by side, one group an architecture; no time ever fails a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import diagnose

Problem = tuple[nn.Module, Tensor]


def chain(depth: int) -> Problem:
    layers: list[nn.Module] = []
    for _ in range(depth):
        linear = nn.Linear(256, 256)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers), torch.randn(64, 256)


def transformer() -> Problem:
    layer = nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True, norm_first=True)
    model = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
    return model, torch.randn(8, 128, 256)


def convolutional() -> Problem:
    blocks: list[nn.Module] = []
    channels = 3
    for width in (32, 64, 128, 256):
        blocks += [
            nn.Conv2d(channels, width, 3, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        channels = width
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]
    return nn.Sequential(*blocks, *head), torch.randn(16, 3, 128, 128)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "chain of 10": lambda: chain(10),
    "chain of 100": lambda: chain(100),
    "chain of 1000": lambda: chain(1000),
    "transformer": transformer,
    "convolutional": convolutional,
}


@pytest.mark.parametrize("how", ["forward and backward", "diagnose"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_overhead(benchmark: Any, name: str, how: str) -> None:
    benchmark.group = name
    torch.manual_seed(0)
    model, batch = PROBLEMS[name]()

    def bare() -> None:
        model.zero_grad(set_to_none=True)
        output: Tensor = model(batch)
        output.square().mean().backward()  # type: ignore[no-untyped-call]

    benchmark(bare if how != "diagnose" else lambda: diagnose(model, batch))
