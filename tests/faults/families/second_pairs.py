"""Pairs, views, sets, memories, experts and coded words: networks of other shapes."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED, SIGNALS, TOKENS, accuracy

case = SecondFamily("other", NESTED)


def pairs(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Two points each and whether they are of one class; some are the same point twice."""
    left, labels = NESTED.batch(seed)
    right, others = left.roll(1, 0), labels.roll(1, 0)
    same = torch.arange(64) % 2 == 0
    order = labels.argsort()
    partner = order[(order.argsort() + 1) % 64]
    right = torch.where(same[:, None], left[partner], right)
    others = torch.where(same, labels[partner], others)
    right[:4], others[:4] = left[:4], labels[:4]
    return left, right, (labels == others).float().unsqueeze(1)


PAIRS = Task(
    "pairs", pairs, accuracy, 0.62, 0.85, loss_fn=F.binary_cross_entropy_with_logits, steps=400
)


class Distance(nn.Module):
    """The length of a difference; a guard keeps the root's slope finite."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return ((left - right).square().sum(1, keepdim=True) + self.eps).sqrt()


class Siamese(nn.Module):
    """One encoder for both points; near means the same class."""

    def __init__(self, eps: float, encode: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 8, bias=False))
        self.distance = Distance(eps)
        self.scale = nn.Parameter(torch.tensor([2.0, 3.0]))
        self.encode = encode

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        far = self.distance(self.encode(self.encoder, left), self.encode(self.encoder, right))
        return self.scale[1] - self.scale[0] * far


def no_grad_encode(encoder: nn.Module, points: Tensor) -> Tensor:
    with torch.no_grad():
        return encoder(points)


class Views(nn.Module):
    """A classifier with a second task: to predict one view's code from the other's."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.predictor = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32))
        self.classifier = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.backbone(x))


def two_views(cut: str) -> Any:
    """The target's code gets no gradient; with the wrong side cut, the predictor gets none."""

    def step(model: Any, batch: Any) -> Tensor:
        x, labels = batch
        first, second = model.backbone(x), model.backbone(x.roll(1, 1) * 0.1 + x)
        guess, target = model.predictor(first), second
        if cut == "target":
            target = target.detach()
        else:
            guess = guess.detach()
        alike = F.cosine_similarity(guess, target, dim=1).mean()
        return F.cross_entropy(model.classifier(first), labels) - 0.1 * alike

    return step


VIEWS = replace(NESTED, name="two views", loss_fn=None, step=two_views("target"))
VIEWS_CUT = replace(VIEWS, name="two views, prediction cut", step=two_views("prediction"))


class Sets(nn.Module):
    """Every element by itself, then the largest of each feature over an axis."""

    def __init__(self, axis: int = 1, threshold: float = 0.0) -> None:
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32))
        self.rho = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))
        self.axis, self.threshold = axis, threshold

    def forward(self, elements: Tensor) -> Tensor:
        h = F.threshold(self.phi(elements), self.threshold, 0.0)
        pooled = h.max(self.axis, keepdim=True).values.expand_as(h)
        return self.rho(pooled[:, 0])


class Memory(nn.Module):
    """A query reads from learned slots."""

    def __init__(self, init: Callable[[Tensor], object], beta: float = 1.0) -> None:
        super().__init__()
        self.query = nn.Linear(16, 24)
        self.keys, self.slots = nn.Parameter(torch.empty(20, 24)), nn.Parameter(torch.empty(20, 24))
        init(self.keys.data)
        init(self.slots.data)
        self.answer = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 4))
        self.beta = beta

    def forward(self, x: Tensor) -> Tensor:
        weights = (self.beta * self.query(x) @ self.keys.T).softmax(1)
        return self.answer(weights @ self.slots)


class Mixture(nn.Module):
    """All experts in one tensor; a router weighs them, with noise while training."""

    def __init__(self, *, copies: bool) -> None:
        super().__init__()
        one = torch.randn(1 if copies else 5, 16, 12) / 4
        self.experts = nn.Parameter(one.expand(5, -1, -1).clone())
        self.router = nn.Linear(16, 5)
        nn.init.zeros_(self.router.weight)
        nn.init.zeros_(self.router.bias)
        self.out = nn.Linear(12, 4)
        self.copies = copies

    def forward(self, x: Tensor) -> Tensor:
        scores = self.router(x)
        if self.training and not self.copies:
            scores = scores + 0.1 * torch.randn_like(scores)
        hidden = torch.einsum("bi,eij->bej", x, self.experts).relu()
        return self.out((scores.softmax(1).unsqueeze(2) * hidden).sum(1))


class Words(nn.Module):
    """Ids are folded into a table's rows, looked up and read in order."""

    def __init__(self, fold: Callable[[Tensor], Tensor], *, padding: int | None = None) -> None:
        super().__init__()
        self.table = nn.Embedding(24, 8, padding_idx=padding)
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 4))
        self.fold = fold

    def forward(self, ids: Tensor) -> Tensor:
        return self.mlp(self.table(self.fold(ids)))


def plain(encoder: nn.Module, points: Tensor) -> Tensor:
    return encoder(points)


CASES: tuple[Case, ...] = (
    case("siamese_eps", "siamese", lambda: Siamese(1e-6, plain), task=PAIRS),
    case("siamese", "siamese", lambda: Siamese(0.0, plain), "nonfinite", "distance", PAIRS),
    case(
        "siamese_no_grad",
        "siamese",
        lambda: Siamese(1e-6, no_grad_encode),
        "disconnected",
        "encoder",
        PAIRS,
    ),
    case("views_target_cut", "views", Views, task=VIEWS),
    case("views_prediction_cut", "views", Views, "disconnected", "predictor", VIEWS_CUT),
    case("sets", "sets", Sets, task=SIGNALS),
    case("sets_over_batch", "sets", lambda: Sets(0), "collapse", "rho phi", SIGNALS),
    case(
        "sets_threshold_90",
        "sets",
        lambda: Sets(threshold=90.0),
        "dead_units",
        "phi",
        SIGNALS,
        "collapse vanishing",
    ),
    case("memory", "memory", lambda: Memory(nn.init.normal_)),
    case(
        "memory_zero",
        "memory",
        lambda: Memory(nn.init.zeros_),
        "symmetry",
        "keys slots",
        also="collapse vanishing",
    ),
    case(
        "memory_sharp",
        "memory",
        lambda: Memory(nn.init.normal_, 1e7),
        "saturation",
        "query keys",
        also="vanishing",
    ),
    case("mixture", "mixture", lambda: Mixture(copies=False)),
    case(
        "mixture_copies",
        "mixture",
        lambda: Mixture(copies=True),
        "symmetry",
        "experts router",
    ),
    case("words_padding", "words", lambda: Words(lambda ids: ids, padding=23), task=TOKENS),
    case(
        "words_folded_to_one",
        "words",
        lambda: Words(lambda ids: ids // 24),
        "collapse",
        "table mlp",
        TOKENS,
    ),
)
