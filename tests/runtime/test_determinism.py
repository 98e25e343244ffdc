"""The same seed gives the same diagnosis, and no seed gives another verdict."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import diagnose
from tests.runtime.models import (
    WIDTH,
    Gated,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    shown,
    tokens,
    too_large,
    vectors,
)

SEEDS = range(30)


class Noisy(nn.Module):
    """Draws from every generator in its forward pass."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(0.3)

    def forward(self, x: Tensor) -> Tensor:
        scale = 1 + 0.1 * random.random() + 0.1 * float(np.random.random())
        return self.body(self.dropout(x) * scale)  # type: ignore[no-any-return]


MODELS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor], set[str]]] = {
    "healthy": (lambda: Noisy(chain(nn.ReLU, 4, init=he)), vectors, set()),
    "vanishing": (lambda: Noisy(chain(nn.Sigmoid, 8)), vectors, {"vanishing"}),
    "exploding": (lambda: Noisy(chain(nn.ReLU, 10, init=too_large)), vectors, {"exploding"}),
    "transformer": (lambda: Transformer(3), tokens, set()),
    "resnet, zero gamma": (lambda: SmallResNet(zero_gamma=True), images, set()),
    "ReZero, zero head": (lambda: Gated(6, 0.0, zero_head=True), vectors, set()),
    "cut": (
        lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), Detach(), nn.Linear(WIDTH, 4)),
        vectors,
        {"disconnected"},
    ),
}


class Detach(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


@pytest.mark.parametrize("name", MODELS)
def test_same_seed_same_diagnosis(name: str) -> None:
    make, batch, symptoms = MODELS[name]
    model, x = make(), batch()
    first = diagnose(model, x, seed=3)
    assert shown(first) == symptoms
    torch.manual_seed(77)
    random.seed(77)
    np.random.seed(77)
    assert diagnose(model, x, seed=3) == first
    assert diagnose(model, x, seed=4).report != first.report


@pytest.mark.parametrize("name", MODELS)
def test_every_seed_of_the_probe_gives_the_same_verdict(name: str) -> None:
    make, batch, symptoms = MODELS[name]
    model, x = make(), batch()
    for seed in SEEDS if symptoms != {"exploding"} else SEEDS[:10]:
        diagnosis = diagnose(model, x, seed=seed)
        assert shown(diagnosis) == symptoms, (seed, diagnosis.reasons)


@pytest.mark.parametrize("name", MODELS)
def test_every_draw_of_the_weights_gives_the_same_verdict(name: str) -> None:
    make, batch, symptoms = MODELS[name]
    for seed in SEEDS[:10]:
        torch.manual_seed(seed)
        diagnosis = diagnose(make(), batch())
        assert shown(diagnosis) == symptoms, (seed, diagnosis.reasons)


def test_large_and_negative_seeds() -> None:
    model, x = chain(nn.ReLU, 2), vectors()
    assert diagnose(model, x, seed=2**40).healthy
    with pytest.raises((ValueError, RuntimeError)):
        diagnose(model, x, seed=-(2**70))
