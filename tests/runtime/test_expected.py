"""Expected: gradients that are zero by construction, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import (
    Limits,
    diagnose,
)
from tests.runtime.models import (
    WIDTH,
    SmallResNet,
    chain,
    he,
    images,
    labels,
    vectors,
)

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def reasons(model: nn.Module, x: Tensor) -> tuple[str, ...]:
    """Why the vanishing check calls gradients expected; empty where it plainly passes."""
    diagnosis = diagnose(model, (x, labels(len(x))), F.cross_entropy)
    assert diagnosis.healthy, diagnosis.reasons
    expected = diagnosis.verdicts["vanishing"] == "expected"
    return diagnosis.reasons["vanishing"] if expected else ()


class Attention(nn.Module):
    """One head of attention by hand or fused, with biases."""

    def __init__(self, *, fused: bool) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(8, 8) for _ in range(3))
        self.head, self.fused = nn.Linear(8, 4), fused

    def forward(self, x: Tensor) -> Any:
        query, key, value = self.query(x), self.key(x), self.value(x)
        if self.fused:
            parts = (t.unsqueeze(1) for t in (query, key, value))
            mixed = F.scaled_dot_product_attention(*parts).squeeze(1)
        else:
            mixed = (query @ key.transpose(1, 2) / 8**0.5).softmax(-1) @ value
        return self.head(mixed.mean(1))


@pytest.mark.parametrize("fused", [True, False])
def test_the_key_bias_of_attention(fused: bool) -> None:
    told = reasons(Attention(fused=fused), torch.randn(8, 6, 8))
    assert any(t.startswith("key.bias: softmax over the keys") for t in told), told
    assert not any("query.bias" in t or "value.bias" in t for t in told)


@pytest.mark.parametrize(
    ("norm", "told"),
    [
        (nn.BatchNorm1d(WIDTH), "BatchNorm after it subtracts any constant"),
        (nn.GroupNorm(WIDTH, WIDTH, affine=False), None),  # below, on images
    ],
)
def test_a_bias_before_a_norm(norm: nn.Module, told: str | None) -> None:
    if told is None:
        model = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(512, 4)
        )
        found = reasons(model, images())
        told = "Norm after it subtracts any constant"
    else:
        layers = (nn.Linear(WIDTH, WIDTH), norm, nn.ReLU(), nn.Linear(WIDTH, 4))
        found = reasons(nn.Sequential(*layers), vectors())
    assert [f.partition(":")[0] for f in found[1:]] == ["0.bias"], found
    assert told in found[1]


def test_a_bias_before_layer_norm_has_a_gradient() -> None:
    """It takes off what all units share, not what a unit's own bias adds."""
    layers = (nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4))
    assert reasons(nn.Sequential(*layers), vectors()) == ()


def test_the_head_of_a_balanced_classifier_is_not_blamed_on_attention() -> None:
    """Zero logits on balanced classes: the head's bias gets nothing, and there are no keys."""
    model = chain(nn.ReLU, 2, init=he)
    nn.init.zeros_(model[-1].get_parameter("weight"))
    nn.init.zeros_(model[-1].get_parameter("bias"))
    assert not any("keys" in reason for reason in reasons(model, vectors()))


def test_a_zero_gamma_opens_its_branch() -> None:
    told = reasons(SmallResNet(zero_gamma=True), images(8))
    assert any("bn2.weight starts at zero, gets a gradient and opens" in t for t in told), told
    assert reasons(SmallResNet(), images(8)) == ()


class LoRA(nn.Module):
    """A frozen layer with a trainable low-rank update whose second factor starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.down = nn.Linear(WIDTH, 2, bias=False)
        self.up = nn.Linear(2, WIDTH, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Any:
        return self.base(x) + self.up(self.down(x))


def test_lora_opens_with_the_first_step() -> None:
    layers = (nn.Linear(WIDTH, WIDTH), nn.GELU(), LoRA(), nn.GELU(), nn.Linear(WIDTH, 4))
    (lora,) = (t for t in reasons(nn.Sequential(*layers), vectors()) if t.startswith("2.down"))
    assert lora == (
        "2.down.weight: 2.up.weight starts at zero, gets a gradient and opens with the first step"
    )
    # With nothing trainable before it, no way in gets a gradient at first.
    (lora,) = reasons(nn.Sequential(*layers[2:]), vectors())
    assert "0.0e+00 at the start rises to" in lora
