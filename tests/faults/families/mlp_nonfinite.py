"""Plain networks with NaN or infinity forward or backward, and the guarded versions."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family, Function
from tests.faults.tasks import NESTED, XOR, clusters


def through(function: Callable[[Tensor], Tensor], width: int = 32) -> nn.Sequential:
    """encoder (0, 1), the function (2), decoder (3, 4, 5); four classes in 16 dimensions."""
    return nn.Sequential(
        nn.Linear(16, 32),
        nn.ReLU(),
        Function(function),
        nn.Linear(width, 32),
        nn.ReLU(),
        nn.Linear(32, 4),
    )


class OwnSoftmax(nn.Module):
    """Its own exp and sum instead of a softmax."""

    def __init__(self, *, stable: bool) -> None:
        super().__init__()
        self.score = nn.Linear(16, 32)
        self.value = nn.Linear(16, 32)
        self.stable = stable

    def forward(self, x: Tensor) -> Tensor:
        scores = self.score(x)
        if self.stable:
            weights = torch.softmax(scores, dim=-1)
        else:
            weights = torch.exp(100 * scores) / torch.exp(100 * scores).sum(-1, keepdim=True)
        return 32 * weights * self.value(x)


class Cosine(nn.Module):
    """Angles to class prototypes, and each prototype's angle to itself."""

    def __init__(self, *, clamped: bool) -> None:
        super().__init__()
        self.prototypes = nn.Parameter(torch.randn(4, 8))
        self.clamped = clamped

    def forward(self, x: Tensor) -> Tensor:
        classes = F.normalize(self.prototypes, dim=-1)
        spread = classes @ classes.T
        spread = spread.clamp(-0.99, 0.99) if self.clamped else spread.clamp(-1.0, 1.0)
        return 8.0 * F.normalize(x, dim=-1) @ classes.T + 0.01 * torch.acos(spread).mean()


class Standardise(nn.Module):
    """Standardises its features over the batch."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, h: Tensor) -> Tensor:
        return (h - h.mean(0)) / (h.std(0) + self.epsilon)


class Constants(nn.Module):
    """Features, of which some are constant, standardised."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.encoder = nn.Linear(16, 24)
        self.standardise = Standardise(epsilon)
        self.head = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.cat([F.relu(self.encoder(x)), torch.ones(len(x), 8)], dim=1)
        return self.head(self.standardise(h))


def exponential(*, stable: bool) -> nn.Sequential:
    return nn.Sequential(OwnSoftmax(stable=stable), nn.ReLU(), nn.Linear(32, 4))


def cosine(*, clamped: bool) -> nn.Sequential:
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 8), Cosine(clamped=clamped))


def spoiled(value: float) -> nn.Sequential:
    """A checkpoint with one odd number in it."""
    model = nn.Sequential(
        nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4)
    )
    with torch.no_grad():
        model[2].weight[3, 5] = value
    return model


class Probability(nn.Module):
    """Puts out a probability where the loss takes its logarithm by hand."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.out = nn.Linear(32, 1)
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.out(self.body(x)) / self.temperature)


def centred_accuracy(model: nn.Module, batch: object) -> float:
    return XOR.score(nn.Sequential(model, Function(lambda p: p - 0.5)), batch)


def log_by_hand(p: Tensor, target: Tensor) -> Tensor:
    return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).mean()


PROBABILITY = replace(XOR, name="probability", score=centred_accuracy, loss_fn=log_by_hand)


case = Family("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("log_of_relu", "log", lambda: through(torch.log), "nonfinite", "2"),
    case("log1p_of_relu", "log", lambda: through(torch.log1p)),
    case("sqrt_of_relu", "sqrt", lambda: through(torch.sqrt)),
    case("sqrt_of_square", "sqrt", lambda: through(lambda h: (h * h).sqrt())),
    case("sqrt_of_relu_eps", "sqrt", lambda: through(lambda h: torch.sqrt(h + 0.001))),
    case(
        "norm_of_nothing",
        "norm",
        lambda: through(lambda h: h / h.sub(h).norm(dim=-1, keepdim=True)),
        "nonfinite",
        "2",
    ),
    case("norm", "norm", lambda: through(lambda h: 4 * F.normalize(h, dim=-1))),
    case(
        "distances",
        "distances",
        lambda: through(lambda h: (h[:, None] - h[None]).square().sum(-1).sqrt(), 64),
        "nonfinite",
        "2",
        task=clusters("few clusters", width=16, classes=4, noise=0.3),
    ),
    case(
        "where_log_of_relu", "where", lambda: through(lambda h: torch.where(h > 0, torch.log(h), h))
    ),
    case(
        "where_sqrt",
        "where",
        lambda: through(lambda h: torch.where(h > 0.5, torch.sqrt(h - 0.5), h - 0.5)),
        "nonfinite",
        "2",
    ),
    case(
        "where_log_inside",
        "where",
        lambda: through(lambda h: torch.log(torch.where(h > 0, h + 1, torch.ones_like(h)))),
    ),
    case(
        "exp_overflow",
        "exp",
        lambda: exponential(stable=False),
        "nonfinite",
        "0",
        task=clusters("nested x10", width=16, classes=4, per_class=6, noise=0.3, scale=10.0),
    ),
    case("exp_stable", "exp", lambda: exponential(stable=True)),
    case("acos_of_one", "acos", lambda: cosine(clamped=False), "nonfinite", "3"),
    case("acos_clamped", "acos", lambda: cosine(clamped=True)),
    case("std_of_constant", "std", lambda: Constants(0.0), "nonfinite", "standardise"),
    case("std_of_constant_eps", "std", lambda: Constants(0.01)),
    case("nan_weight", "checkpoint", lambda: spoiled(float("nan")), "nonfinite", "2"),
    case("odd_weight", "checkpoint", lambda: spoiled(1.0)),
    case(
        "log_of_probability",
        "probability",
        lambda: Probability(0.0001),
        "nonfinite",
        "out",
        task=PROBABILITY,
        also="saturation",
    ),
    case("log_of_mild_probability", "probability", lambda: Probability(1.0), task=PROBABILITY),
)
