"""Plain networks with a part that the loss's gradient cannot reach, or is not meant to."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, NESTED


class Cut(nn.Module):
    """Backbone, something in between, head."""

    def __init__(self, between: Callable[[Tensor], Tensor], width: int = 8) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, width))
        self.head = nn.Sequential(nn.Linear(width, 32), nn.ReLU(), nn.Linear(32, 4))
        self.between = between

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.between(self.backbone(x)))


def through_numpy(h: Tensor) -> Tensor:
    return torch.from_numpy(np.tanh(h.detach().numpy()))


def through_list(h: Tensor) -> Tensor:
    return torch.tensor([[value.item() for value in row] for row in h])


def through_integers(h: Tensor) -> Tensor:
    return (h * 4).long().float() / 4


def one_hot(h: Tensor) -> Tensor:
    return F.one_hot(h.argmax(-1), h.shape[-1]).float()


def gumbel(h: Tensor) -> Tensor:
    return F.gumbel_softmax(h, tau=1.0, hard=True)


class NoGradBlock(nn.Module):
    """Left over from an evaluation script."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.stem, self.middle = nn.Linear(16, 32), nn.Linear(32, 32)
        self.head = nn.Linear(32, 4)
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(not self.cut and torch.is_grad_enabled()):
            h = F.relu(self.stem(x))
            h = F.relu(self.middle(h))
        return self.head(h)


class Overwritten(nn.Module):
    """The second layer's result is replaced before anybody looks at it."""

    def __init__(self, *, typo: bool) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(16, 32), nn.Linear(32, 32), nn.Linear(32, 32)
        self.out = nn.Linear(32, 4)
        self.typo = typo

    def forward(self, x: Tensor) -> Tensor:
        h1 = F.relu(self.fc1(x))
        h2 = F.relu(self.fc2(h1))
        h3 = F.relu(self.fc3(h1 if self.typo else h2))
        return self.out(h3)


class Normalised(nn.Module):
    """Calls its normalisation for nothing; or has one it never calls."""

    def __init__(self, *, called: bool) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(16, 32), nn.Linear(32, 4)
        self.adapter = nn.Linear(32, 32)
        self.called = called

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.fc1(x))
        if self.called:
            self.adapter(h)
        return self.fc2(h)


class Recreated(nn.Module):
    """Makes its scaled weight into a parameter again at every call."""

    def __init__(self, *, again: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(24, 16) / 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 4))
        self.again = again

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight / self.weight.norm(dim=1, keepdim=True)
        if self.again:
            weight = nn.Parameter(weight)
        return self.rest(F.linear(x, 2 * weight))


class Towers(nn.Module):
    """Two towers; the second one's features arrive detached, as ``.data`` or at a tenth."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Linear(8, 32), nn.ReLU())
        self.right = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.merge = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
        self.how = how

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        left, right = self.left(x[:, :8]), self.right(x[:, 8:])
        if self.how == "data":
            right = right.data
        elif self.how == "scaled":
            right = right * 0.2
        return {"logits": self.merge(torch.cat([left, right], dim=1)), "features": right.detach()}


def cross_entropy_of_logits(output: dict[str, Tensor], target: Tensor) -> Tensor:
    return F.cross_entropy(output["logits"], target)


class Frozen(nn.Module):
    """A backbone that is not to be trained, with a head or with low-rank adapters."""

    def __init__(self, *, adapters: bool, cut: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.body.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(4, 32) / 32**0.5, requires_grad=adapters)
        self.up = nn.Parameter(torch.zeros(64, 4), requires_grad=adapters)
        self.head = nn.Linear(64, 10)
        self.adapters, self.cut = adapters, cut

    def forward(self, x: Tensor) -> Tensor:
        h = self.body[0](x)
        if self.adapters:
            h = h + x @ self.down.T @ self.up.T
        h = self.body[3](self.body[2](self.body[1](h)))
        if self.cut:
            h = h.detach()
        return self.head(h)


class Teacher(nn.Module):
    """Agrees with a detached teacher branch; the loss comes with the output."""

    def __init__(self) -> None:
        super().__init__()
        self.student = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32))
        self.predict = nn.Linear(32, 32)
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        h = self.student(x)
        agreement = F.mse_loss(self.predict(h), h.detach())
        logits = self.head(h)
        return {"loss": F.cross_entropy(logits, labels) + 0.1 * agreement, "logits": logits}


def keyword_batch(seed: int) -> dict[str, Tensor]:
    points, labels = NESTED.batch(seed)
    return {"x": points, "labels": labels}


KEYWORDS = Task("nested, keywords", keyword_batch, NESTED.score, 0.25, NESTED.learned)
DICTIONARY = Task(
    "nested, dictionary",
    NESTED.batch,
    NESTED.score,
    0.25,
    NESTED.learned,
    loss_fn=cross_entropy_of_logits,
)


case = Family("mlp", NESTED)


CASES: tuple[Case, ...] = (
    case("connected", "cut", lambda: Cut(torch.tanh)),
    case(
        "detached", "cut", lambda: Cut(lambda h: torch.tanh(h.detach())), "disconnected", "backbone"
    ),
    case("data", "cut", lambda: Cut(lambda h: h.data.tanh()), "disconnected", "backbone"),
    case("numpy", "cut", lambda: Cut(through_numpy), "disconnected", "backbone"),
    case("items", "cut", lambda: Cut(through_list), "disconnected", "backbone"),
    case("integers", "cut", lambda: Cut(through_integers), "disconnected", "backbone"),
    case("compared", "cut", lambda: Cut(lambda h: (h > 0).float()), "disconnected", "backbone"),
    case("argmax", "choice", lambda: Cut(one_hot), "disconnected", "backbone"),
    case("gumbel_hard", "choice", lambda: Cut(gumbel)),
    case("no_grad_block", "no_grad", lambda: NoGradBlock(cut=True), "disconnected", "middle"),
    case("grad_block", "no_grad", lambda: NoGradBlock(cut=False)),
    case("overwritten", "overwritten", lambda: Overwritten(typo=True), "disconnected", "fc2"),
    case("not_overwritten", "overwritten", lambda: Overwritten(typo=False)),
    case(
        "called_for_nothing", "unused", lambda: Normalised(called=True), "disconnected", "adapter"
    ),
    case("never_called", "unused", lambda: Normalised(called=False)),
    case(
        "parameter_recreated", "recreated", lambda: Recreated(again=True), "disconnected", "weight"
    ),
    case("parameter_normalised", "recreated", lambda: Recreated(again=False)),
    case("tower_data", "towers", lambda: Towers("data"), "disconnected", "right", task=DICTIONARY),
    case("tower_scaled", "towers", lambda: Towers("scaled"), task=DICTIONARY),
    case("frozen_head", "frozen", lambda: Frozen(adapters=False), task=CLUSTERS),
    case("frozen_lora", "frozen", lambda: Frozen(adapters=True), task=CLUSTERS),
    case(
        "frozen_lora_detached",
        "frozen",
        lambda: Frozen(adapters=True, cut=True),
        "disconnected",
        "down up",
        task=CLUSTERS,
    ),
    case("teacher_detached", "teacher", Teacher, task=KEYWORDS),
)
