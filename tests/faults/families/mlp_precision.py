"""Plain networks in half precision, whose gradients become zero where float32 would keep them."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.making import Family
from tests.faults.tasks import NESTED

HALF = partial(torch.autocast, "cpu", dtype=torch.float16)
BRAIN = partial(torch.autocast, "cpu", dtype=torch.bfloat16)


def scaled_loss(factor: float) -> Callable[[Any, Any], Tensor]:
    """Cross entropy times a factor: a weight in a sum of losses, or gradient accumulation."""

    def step(model: Any, batch: Any) -> Tensor:
        return factor * F.cross_entropy(model(batch[0]).float(), batch[1])

    return step


def scaled(name: str, factor: float) -> Task:
    return replace(NESTED, name=f"nested, {name}", loss_fn=None, step=scaled_loss(factor))


RESCALED = scaled("loss divided and scaled up again", 2.0**-20 * 2.0**20)
PLAIN = scaled("loss as it is", 1.0)


def body(norm: bool = True) -> nn.Sequential:
    norms = [nn.LayerNorm(32)] if norm else []
    return nn.Sequential(
        nn.Linear(16, 32), *norms, nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 4)
    )


class HalfModel(nn.Module):
    """Weights in a low precision themselves; the inputs are cast on the way in."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.net = body(norm=False).to(dtype)
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.to(self.dtype))


class HooksFor:
    """Multiplies every parameter's gradient by a factor, to undo what was done to the loss."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self) -> nn.Sequential:
        model = body()
        for parameter in model.parameters():
            parameter.register_hook(lambda gradient: gradient * self.factor)
        return model


class Overflow(nn.Module):
    """Looks at each unit's share of the energy."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.encode = nn.Linear(16, 64)
        self.energy = Energy(dtype)
        self.head = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(8 * self.energy(self.encode(100 * x)))


class Energy(nn.Module):
    """Squares in float16 end at 65504."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, h: Tensor) -> Tensor:
        h = F.relu(h).to(self.dtype) * 10
        squares = h * h
        return squares / squares.sum(-1, keepdim=True)


case = Family("mlp", PLAIN)


SMALL = "underflow"
MILLIONTH = scaled("loss divided by 2^20", 2.0**-20)
BILLIONTH = scaled("loss divided by 2^30", 2.0**-30)
SIXTEENTH = scaled("loss divided by 16", 1 / 16)
THOUSANDFOLD = scaled("loss multiplied by 2^10", 2.0**10)

CASES: tuple[Case, ...] = (
    case(
        "float16_loss_billionth",
        "half loss",
        body,
        "underflow",
        "0 5",
        task=BILLIONTH,
        context=HALF,
    ),
    case(
        "float16_loss_millionth", "half loss", body, "underflow", "0", task=MILLIONTH, context=HALF
    ),
    case("float16_loss_there_and_back", "half loss", body, task=RESCALED, context=HALF),
    case("float16_loss", "half loss", body, context=HALF),
    case("bfloat16_loss_millionth", "half loss", body, task=MILLIONTH, context=BRAIN),
    case("bfloat16_loss", "half loss", body, context=BRAIN),
    case(
        "float16_averaged",
        "half hooks",
        HooksFor(2.0**20),
        "underflow",
        "0",
        task=MILLIONTH,
        context=HALF,
    ),
    case("bfloat16_averaged", "half hooks", HooksFor(2.0**20), task=MILLIONTH, context=BRAIN),
    case("float32_averaged", "half hooks", HooksFor(2.0**20), task=MILLIONTH),
    case("float16_averaged_over_16", "half hooks", HooksFor(16.0), task=SIXTEENTH, context=HALF),
    case("float16_scaled", "half hooks", HooksFor(2.0 ** (-10)), task=THOUSANDFOLD, context=HALF),
    case(
        "float16_weights_loss_millionth",
        "half weights",
        lambda: HalfModel(torch.float16),
        "underflow",
        "net.0",
        task=MILLIONTH,
    ),
    case("float16_weights", "half weights", lambda: HalfModel(torch.float16)),
    case("bfloat16_weights", "half weights", lambda: HalfModel(torch.bfloat16)),
    case(
        "float16_energy_overflow",
        "half energy",
        lambda: Overflow(torch.float16),
        "nonfinite",
        "energy",
        context=HALF,
    ),
    case("float16_energy_in_float32", "half energy", lambda: Overflow(torch.float32), context=HALF),
)
