"""Half precision: losses that are averaged, summed up and divided until nothing is left."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED, RECONSTRUCTION, SIGNALS, STAMPS

HALF = partial(torch.autocast, "cpu", dtype=torch.float16)
BRAIN = partial(torch.autocast, "cpu", dtype=torch.bfloat16)


def divided(task: Task, loss_fn: Callable[..., Tensor], by: float, steps: int) -> Task:
    """The same task; the loss is divided, as by accumulation steps, tokens and words."""

    def step(model: Any, batch: Any) -> Tensor:
        return loss_fn(model(*batch[:-1]).float(), batch[-1]) / by

    name = f"{task.name}, divided by {by:.0e}"
    return replace(task, name=name, loss_fn=None, step=step, steps=steps)


class Heard(nn.Module):
    """A GRU over a projected sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 24)
        self.gru = nn.GRUCell(24, 24)
        self.label = nn.Linear(24, 4)

    def forward(self, sequence: Tensor) -> Tensor:
        h = sequence.new_zeros(len(sequence), 24)
        for step in F.gelu(self.project(sequence)).unbind(1):
            h = self.gru(step, h)
        return self.label(h)


class Scaled(nn.Module):
    """Multiplies gradients back up in its own parameters, as a scaler's unscaling would."""

    def __init__(self, model: nn.Module, factor: float) -> None:
        super().__init__()
        self.model = model
        for parameter in model.parameters():
            parameter.register_hook(lambda gradient: gradient * factor)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.model(*inputs)


class Tower(nn.Module):
    """Attention over steps, in blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.places = nn.Parameter(0.5 * torch.randn(8, 32))
        self.q, self.k, self.v, self.o = (nn.Linear(32, 32) for _ in range(4))
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 4)

    def forward(self, sequence: Tensor) -> Tensor:
        h = self.embed(sequence) + self.places
        weights = (self.q(h) @ self.k(h).mT / 32**0.5).softmax(-1)
        return self.head(self.norm(h + self.o(weights @ self.v(h))).mean(1))


class HalfBody(nn.Module):
    """Convolutions in half precision between ends that are not."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 16, 5), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU())
        self.head = nn.Linear(16, 6)
        self.dtype = dtype

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast("cpu", self.dtype):
            h = self.body(images)
        return self.head(h.float().amax((2, 3)))


class Shares(nn.Module):
    """Positive scores as shares of their sum, with a guard that half precision may round off."""

    def __init__(self, guard: float) -> None:
        super().__init__()
        self.guard = guard

    def forward(self, scores: Tensor) -> Tensor:
        scores = scores.half()
        return scores / (scores.sum(1, keepdim=True) + self.guard)


class Shared(nn.Module):
    """Six scores, most of them off, say how much of each part of a layer passes on."""

    def __init__(self, guard: float) -> None:
        super().__init__()
        self.keys, self.values = nn.Linear(16, 6), nn.Linear(16, 48)
        self.shares = Shares(guard)
        self.out = nn.Linear(48, 4)

    def forward(self, x: Tensor) -> Tensor:
        shares = self.shares(F.relu(self.keys(x) - 0.3)).float()
        parts = F.relu(self.values(x)).view(-1, 6, 8)
        return self.out((parts * (1 + shares.unsqueeze(2))).flatten(1))


def autoencoder() -> nn.Module:
    return nn.Sequential(
        nn.Linear(32, 48),
        nn.GELU(),
        nn.Linear(48, 8),
        nn.Linear(8, 48),
        nn.GELU(),
        nn.Linear(48, 32),
    )


PLAIN_HEARD = divided(SIGNALS, F.cross_entropy, 1.0, 200)
TINY_HEARD = divided(SIGNALS, F.cross_entropy, 1e8, 120)
TINY_TOWER = divided(SIGNALS, F.cross_entropy, 5e8, 120)
TINY_STAMPS = divided(STAMPS, F.cross_entropy, 1e8, 60)
TINY_VALUES = divided(RECONSTRUCTION, F.mse_loss, 1e9, 120)

rnn = SecondFamily("rnn", SIGNALS)
transformer = SecondFamily("transformer", SIGNALS)
cnn = SecondFamily("cnn", STAMPS)
coder = SecondFamily("autoencoder", RECONSTRUCTION)
mlp = SecondFamily("mlp", NESTED)

CASES: tuple[Case, ...] = (
    rnn("heard_half", "heard half", Heard, task=PLAIN_HEARD, context=HALF),
    rnn(
        "heard_half_divided",
        "heard half",
        Heard,
        "underflow",
        "project gru",
        TINY_HEARD,
        context=HALF,
    ),
    transformer(
        "tower_half_divided",
        "tower half",
        lambda: Scaled(Tower(), 5e8),
        "underflow",
        "model",
        TINY_TOWER,
        context=HALF,
    ),
    transformer(
        "tower_brain_divided",
        "tower half",
        lambda: Scaled(Tower(), 5e8),
        task=TINY_TOWER,
        context=BRAIN,
    ),
    cnn(
        "half_body_divided",
        "half body",
        lambda: HalfBody(torch.float16),
        "underflow",
        "body",
        TINY_STAMPS,
    ),
    cnn("half_body_brain", "half body", lambda: HalfBody(torch.bfloat16)),
    coder(
        "values_half_divided",
        "values half",
        autoencoder,
        "underflow",
        "0 2 3 5",
        TINY_VALUES,
        context=HALF,
    ),
    coder("values_brain", "values half", autoencoder, context=BRAIN),
    mlp("half_guard", "half guard", lambda: Shared(1e-3)),
    mlp("half_guard_1e9", "half guard", lambda: Shared(1e-9), "nonfinite", "shares"),
)
