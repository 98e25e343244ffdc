"""Plain networks with a logarithm inside, and with columns nobody standardised."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED, clusters


class Log10(nn.Module):
    """Compresses skewed values with a logarithm to the base ten."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.log10(x)


class Compressed(nn.Module):
    """Positive rates out of a first layer, compressed, then classified."""

    def __init__(self, positive: nn.Module, offset: float) -> None:
        super().__init__()
        self.rates = nn.Sequential(nn.Linear(16, 32), positive)
        self.compress = Log10()
        self.rest = nn.Sequential(nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 4))
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.compress(self.rates(x) + self.offset))


#: Incomes in cents and times in seconds: columns that were never standardised.
RAW = clusters("raw columns", width=16, classes=4, per_class=6, noise=0.3, scale=3e6, learned=0.85)


class Columns(nn.Module):
    """Raw columns into a network of sigmoids, standardised first or not."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.standardise = norm
        self.hidden = nn.Sequential(nn.Linear(16, 48), nn.Sigmoid(), nn.Linear(48, 48), nn.ReLU())
        self.answer = nn.Linear(48, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.answer(self.hidden(self.standardise(x)))


case = SecondFamily("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("log10_softplus", "compressed", lambda: Compressed(nn.Softplus(), 1e-3)),
    case(
        "log10_relu",
        "compressed",
        lambda: Compressed(nn.ReLU(), 0.0),
        "nonfinite",
        "compress",
    ),
    case("log10_relu_offset", "compressed", lambda: Compressed(nn.ReLU(), 1.0)),
    case("raw_columns_batchnorm", "raw columns", lambda: Columns(nn.BatchNorm1d(16)), task=RAW),
    case(
        "raw_columns",
        "raw columns",
        lambda: Columns(nn.Identity()),
        "saturation",
        "hidden.1 hidden.0",
        RAW,
        "vanishing",
    ),
)
