"""Plain networks whose units never part from each other, and some whose units do."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import NESTED


def plain(*inits: Callable[[nn.Linear], object], dropout: float = 0.0) -> nn.Sequential:
    """Three linear layers, 0, 3 and 6; each with its initialisation, where one is given."""
    model = nn.Sequential(
        nn.Linear(16, 32),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(32, 32),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(32, 4),
    )
    for index, init in enumerate(inits):
        init(model[3 * index])
    return model


def default(linear: nn.Linear) -> None:
    """Leave PyTorch's initialisation."""


def constant(value: float, bias: float = 0.0) -> Callable[[nn.Linear], object]:
    def init(linear: nn.Linear) -> None:
        nn.init.constant_(linear.weight, value)
        nn.init.constant_(linear.bias, bias)

    return init


def same_rows(linear: nn.Linear) -> None:
    with torch.no_grad():
        linear.weight.copy_(linear.weight[:1].expand_as(linear.weight))
        linear.bias.zero_()


def doubled_rows(linear: nn.Linear) -> None:
    """Net2Net widening without the noise: the second half of the units repeats the first."""
    half = linear.out_features // 2
    with torch.no_grad():
        linear.weight[half:].copy_(linear.weight[:half])
        linear.bias[half:].copy_(linear.bias[:half])


def doubled_columns(linear: nn.Linear) -> None:
    half = linear.in_features // 2
    with torch.no_grad():
        linear.weight[:, half:].copy_(linear.weight[:, :half])


def identity(linear: nn.Linear) -> None:
    nn.init.eye_(linear.weight)
    nn.init.zeros_(linear.bias)


case = Family("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("constant_half", "constant", lambda: plain(*[constant(0.5)] * 3), "symmetry", "0"),
    case("constant_ones", "constant", lambda: plain(*[constant(1.0)] * 2), "symmetry", "0"),
    case(
        "constant_zero",
        "constant",
        lambda: plain(*[constant(0.0)] * 3),
        "symmetry",
        "0",
        also="dead_units collapse vanishing",
    ),
    case(
        "constant_zero_bias_1",
        "constant",
        lambda: plain(*[constant(0.0, 1.0)] * 2),
        "symmetry",
        "0",
        also="collapse vanishing",
    ),
    case("constant_middle", "constant", lambda: plain(default, constant(0.1))),
    case("constant_bias_only", "constant", lambda: plain(*[lambda m: m.bias.data.fill_(0.1)] * 3)),
    case("constant_zero_head", "constant", lambda: plain(default, default, constant(0.0))),
    case("constant_hidden_dropout", "constant", lambda: plain(*[constant(0.1)] * 2, dropout=0.5)),
    case("identity_middle", "constant", lambda: plain(default, identity)),
    case("dropout_half", "dropout", lambda: plain(dropout=0.5)),
    case("same_rows", "rows", lambda: plain(same_rows, same_rows), "symmetry", "0"),
    case("same_rows_first", "rows", lambda: plain(same_rows)),
    case(
        "same_rows_constant_head",
        "rows",
        lambda: plain(default, same_rows, constant(0.1)),
        "symmetry",
        "3",
    ),
    case(
        "constant_middle_and_head",
        "rows",
        lambda: plain(default, constant(0.1), constant(0.1)),
        "symmetry",
        "3",
    ),
    case("doubled_rows", "rows", lambda: plain(doubled_rows, doubled_columns), "symmetry", "0"),
    case("doubled_rows_free_columns", "rows", lambda: plain(doubled_rows)),
)
