"""Attention that is masked away, saturated, taken over the wrong axis, routed or adapted."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.transformer import HEADS, WIDTH, case
from tests.faults.tasks import SIGNALS
from tests.faults.tasks_sequence import PADDED


class Scores(nn.Module):
    """Queries and keys to weights; masked steps get ``masked`` as their score."""

    def __init__(self, scale: float, masked: float = -torch.inf, dim: int = -1) -> None:
        super().__init__()
        self.scale, self.masked, self.dim = scale, masked, dim

    def forward(self, q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = self.scale * q @ k.transpose(-2, -1)
        if mask is not None:
            scores = scores.masked_fill(~mask.unsqueeze(1), self.masked)
        return torch.softmax(scores, dim=self.dim)


class Reader(nn.Module):
    """One head by hand, queries, keys and values apart; mean of the steps."""

    def __init__(
        self,
        scores: Scores,
        *,
        factor: float = 1.0,
        skip: bool = True,
        unit: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(8, WIDTH)
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.scores = scores
        self.out = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4))
        self.skip, self.unit = skip, unit
        with torch.no_grad():
            self.query.weight.mul_(factor)
            self.key.weight.mul_(factor)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.embed(x)
        q, k, v = self.query(x), self.key(x), self.value(x)
        if self.unit is not None:
            q, k = self.unit(q), self.unit(k)
        mixed = self.scores(q, k, mask) @ v
        return self.out((x + mixed if self.skip else mixed).mean(dim=1))


class SingleHead(nn.Module):
    """Scores with an axis of heads; softmax over that axis makes every weight one."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed = nn.Linear(8, WIDTH)
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.value, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        q, k, v = (layer(x).unsqueeze(1) for layer in (self.query, self.key, self.value))
        attention = F.softmax(q @ k.transpose(-2, -1) / WIDTH**0.5, dim=self.dim)
        return self.head(x.mean(1) + (attention @ v).squeeze(1).mean(1))


class Crossed(nn.Module):
    """``nn.MultiheadAttention``, whose first axis is time unless it is told otherwise."""

    def __init__(self, *, batch_first: bool, layers: int = 3) -> None:
        super().__init__()
        self.embed = nn.Linear(8, WIDTH)
        self.layers = nn.ModuleList(
            [nn.MultiheadAttention(WIDTH, HEADS, batch_first=batch_first) for _ in range(layers)]
        )
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        for layer in self.layers:
            x, _ = layer(x, x, x, need_weights=False)
        return self.head(self.norm(x).mean(dim=1))


class Memory(nn.Module):
    """A question attends to a memory, kept from learning or drowned in huge logits by mistake."""

    def __init__(self, *, frozen: bool = False, factor: float = 1.0) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.question = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.cross = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.head = nn.Linear(WIDTH, 4)
        self.frozen = frozen
        with torch.no_grad():
            self.cross.in_proj_weight[: 2 * WIDTH].mul_(factor)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.frozen:
            with torch.no_grad():
                memory = self.encoder(x)
        else:
            memory = self.encoder(x)
        answer, weights = self.cross(self.question.expand(len(x), -1, -1), memory, memory)
        return self.head(answer.squeeze(1)), weights


def first_of(output: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
    return F.cross_entropy(output[0], labels)


MEMORY = type(SIGNALS)(
    "signals, answers in a tuple", SIGNALS.batch, SIGNALS.score, 0.25, 0.85, loss_fn=first_of
)


def zero_bias(model: Reader) -> Reader:
    """Padding stays exactly zero up to the attention."""
    for layer in (model.embed, model.query, model.key):
        nn.init.zeros_(layer.bias)
    return model


def divided(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


def unit(x: Tensor) -> Tensor:
    """Finite at zero, with a slope of 1e12 there."""
    return F.normalize(x, dim=-1)


def rms(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().sum(-1, keepdim=True) + 1e-4)


SCALE = WIDTH**-0.5


CASES: tuple[Case, ...] = (
    case("mask_of_none", "masks", lambda: Reader(Scores(SCALE)), "nonfinite", "scores", PADDED),
    case(
        "mask_of_none_lowest",
        "masks",
        lambda: Reader(Scores(SCALE, torch.finfo(torch.float32).min)),
        task=PADDED,
    ),
    case("no_scale", "saturated", lambda: Reader(Scores(1.0), skip=False), task=SIGNALS),
    case(
        "logits_huge",
        "saturated",
        lambda: Reader(Scores(1.0), factor=3000.0, skip=False),
        task=SIGNALS,
    ),
    case(
        "logits_huge_unit",
        "saturated",
        lambda: Reader(Scores(8.0), factor=3000.0, skip=False, unit=unit),
        task=SIGNALS,
    ),
    case(
        "divided_by_norm",
        "unit",
        lambda: zero_bias(Reader(Scores(4.0, -1e9), unit=divided)),
        "nonfinite",
        "scores query key",
        PADDED,
    ),
    case(
        "divided_by_norm_1e_12",
        "unit",
        lambda: zero_bias(Reader(Scores(4.0, -1e9), unit=unit)),
        "exploding",
        "scores query key",
        PADDED,
    ),
    case(
        "divided_by_rms",
        "unit",
        lambda: zero_bias(Reader(Scores(4.0, -1e9), unit=rms)),
        task=PADDED,
    ),
    case("softmax_over_heads", "axis", lambda: SingleHead(1), "disconnected", "query key", SIGNALS),
    case("softmax_over_steps", "axis", lambda: SingleHead(-1), task=SIGNALS),
    case(
        "attends_over_batch",
        "batch first",
        lambda: Crossed(batch_first=False),
        "collapse",
        "layers.0",
        SIGNALS,
    ),
    case(
        "attends_over_time",
        "batch first",
        lambda: Crossed(batch_first=True, layers=1),
        task=SIGNALS,
    ),
    case(
        "memory_no_grad", "memory", lambda: Memory(frozen=True), "disconnected", "encoder", MEMORY
    ),
    case("memory", "memory", Memory, task=MEMORY),
    case("memory_logits_huge", "memory", lambda: Memory(factor=1000.0), task=MEMORY),
)
