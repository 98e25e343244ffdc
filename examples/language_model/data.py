"""Sequences that count up and down: each token tells the next."""

from collections.abc import Iterator

import torch
from torch import Tensor


def batches(count: int = 50, size: int = 16, length: int = 32) -> Iterator[dict[str, Tensor]]:
    for _ in range(count):
        start = torch.randint(0, 64, (size, 1))
        step = torch.randint(1, 4, (size, 1)) * (torch.randint(0, 2, (size, 1)) * 2 - 1)
        text = (start + step * torch.arange(length + 1)) % 64
        yield {"tokens": text[:, :-1], "next": text[:, 1:]}
