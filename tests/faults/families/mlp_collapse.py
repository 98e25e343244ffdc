"""Plain networks that tell no samples apart, and some that only nearly do."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import NESTED, clusters

TINY = clusters("tiny clusters", width=16, classes=4, per_class=6, noise=0.3, scale=1e-7, shift=1.0)


class AttentionPooling(nn.Module):
    """Pools four views of the input by a softmax over their scores."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.views = nn.ModuleList([nn.Linear(16, 32) for _ in range(4)])
        self.score = nn.Linear(32, 1)
        self.head = nn.Linear(32, 4)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.stack([torch.tanh(view(x)) for view in self.views], dim=1)
        weights = torch.softmax(self.score(seen), dim=self.axis)
        return self.head(F.relu((weights * seen).sum(1)))


class OneScore(nn.Module):
    """Turns each sample's score into a probability before the head sees it."""

    def __init__(self, squash: Callable[[Tensor], Tensor], width: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, width))
        self.head = nn.Sequential(nn.Linear(width, 64), nn.Tanh(), nn.Linear(64, 4))
        self.squash = squash

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.squash(self.body(x)))


class Bottleneck(nn.Module):
    """Normalises a bottleneck of so many features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, width))
        self.norm = nn.LayerNorm(width)
        self.decode = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.norm(self.encode(x)))


class Pooled(nn.Module):
    """Adds the context's mean to each sample, or puts it in the sample's place."""

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(16, 32)
        self.mix = nn.Linear(32, 32)
        self.classify = nn.Linear(32, 4)
        self.keep = keep

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.embed(x))
        context = h.mean(0, keepdim=True).expand_as(h)
        return self.classify(F.relu(self.mix(h + context if self.keep else context)))


class Coded(nn.Module):
    """Adds a fixed code to the embedding, of some size, and perhaps normalises the sum."""

    def __init__(self, size: float, *, norm: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(16, 32)
        self.register_buffer("code", size * torch.randn(32))
        self.norm = nn.LayerNorm(32) if norm else nn.Identity()
        self.rest = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.norm(torch.tanh(self.embed(x)) + self.code))


class Clamped(nn.Module):
    """Keeps activations in a range."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(16, 32), nn.Linear(32, 32), nn.Linear(32, 4)
        self.low, self.high = low, high

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.fc1(x)).clamp(self.low, self.high)
        return self.fc3(torch.relu(self.fc2(h)))


class Scaled(nn.Module):
    """Multiplies its input by a factor somebody chose, or centres it with given statistics."""

    def __init__(self, factor: float, offset: float = 0.0) -> None:
        super().__init__()
        self.factor, self.offset = factor, offset
        self.net = nn.Sequential(
            nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net((x - self.offset) * self.factor)


case = Family("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("pooling_over_views", "attention pooling", lambda: AttentionPooling(1)),
    case(
        "pooling_over_size_one",
        "attention pooling",
        lambda: AttentionPooling(2),
        "collapse",
        "score",
        also="vanishing disconnected",
    ),
    case(
        "softmax_of_one_score",
        "score",
        lambda: OneScore(lambda s: F.softmax(s, dim=1)),
        "collapse",
        "body",
        also="vanishing",
    ),
    case(
        "softmax_of_eight_scores", "score", lambda: OneScore(lambda s: 8 * F.softmax(s, dim=1), 8)
    ),
    case("layernorm_of_one", "bottleneck", lambda: Bottleneck(1), "collapse", "norm encode.2"),
    case("layernorm_of_six", "bottleneck", lambda: Bottleneck(6)),
    case("mean_over_batch", "pooled", lambda: Pooled(keep=False), "collapse", "mix"),
    case("mean_over_batch_added", "pooled", lambda: Pooled(keep=True)),
    case("code_1e9", "code", lambda: Coded(1000000000.0), "collapse", "rest.0", also="exploding"),
    case(
        "code_1e6_layernorm", "code", lambda: Coded(1000000.0, norm=True), "collapse", "norm embed"
    ),
    case("code_1", "code", lambda: Coded(1.0)),
    case(
        "clamped_above_1", "clamp", lambda: Clamped(1.0, 5.0), "collapse", "fc2", also="vanishing"
    ),
    case("clamped_in_range", "clamp", lambda: Clamped(-0.9, 0.9)),
    case("pixels_thrice", "factor", lambda: Scaled(255.0 ** (-3)), "collapse", "net.0"),
    case("factor_half", "factor", lambda: Scaled(0.5)),
    case("tiny_signal", "signal", lambda: Scaled(1.0), "collapse", "net.0", task=TINY),
    case("tiny_signal_scaled", "signal", lambda: Scaled(10000000.0, 1.0), task=TINY),
)
