"""Residual networks: integrated over time, unnormalised, averaged, with a branch that is off."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED

WIDTH = 32
FEW = replace(NESTED, name="nested, fewer steps", steps=100)

case = SecondFamily("residual", NESTED)


class Euler(nn.Module):
    """One field, followed for many steps, as neural differential equations are solved."""

    def __init__(self, steps: int, size: float, field: nn.Module) -> None:
        super().__init__()
        self.lift = nn.Linear(16, WIDTH)
        self.field = nn.Sequential(nn.Linear(WIDTH, WIDTH), field, nn.Linear(WIDTH, WIDTH))
        self.read = nn.Linear(WIDTH, 4)
        self.steps, self.size = steps, size

    def forward(self, x: Tensor) -> Tensor:
        state = self.lift(x)
        for _ in range(self.steps):
            state = state + self.size * self.field(state)
        return self.read(state)


class Branch(nn.Module):
    """Two layers with He initialisation; the second one may start at zero."""

    def __init__(self, *, zero: bool = False, gain: float = 1.0) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        for layer in (self.up, self.down):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.down.weight.mul_(0.0 if zero else gain)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.relu(self.up(x)))


class Deep(nn.Module):
    """So many branches, and a rule for how each is joined."""

    def __init__(
        self,
        depth: int,
        join: Callable[[Tensor, Tensor], Tensor],
        branch: Callable[[], nn.Module] = Branch,
    ) -> None:
        super().__init__()
        self.stem = nn.Linear(16, WIDTH)
        self.branches = nn.ModuleList([branch() for _ in range(depth)])
        self.head = nn.Linear(WIDTH, 4)
        self.join = join

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for branch in self.branches:
            x = self.join(x, branch(x))
        return self.head(x)


class NormFirst(Branch):
    """Norm, activation, layer, layer; the norm's shift may lie far below."""

    def __init__(self, shift: float = 0.0, activation: Callable[..., Tensor] = F.relu) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.activation = activation
        nn.init.constant_(self.norm.bias, shift)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.up(self.activation(self.norm(x))))


def one_off(shift: float, activation: Callable[..., Tensor] = F.relu) -> nn.Module:
    """Three branches, the second of them with the shift."""
    shifts = iter((0.0, shift, 0.0))
    return Deep(3, torch.add, lambda: NormFirst(next(shifts), activation))


class UnitLength(nn.Module):
    """What a branch adds has length one, whatever the branch says."""

    def forward(self, x: Tensor, new: Tensor) -> Tensor:
        return x + new / new.norm(dim=1, keepdim=True)


class Equilibrium(nn.Module):
    """Iterates to a fixed point without a gradient; the last step alone may have one."""

    def __init__(self, *, last_step: bool) -> None:
        super().__init__()
        self.inject = nn.Linear(16, WIDTH)
        self.cell = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4))
        self.last_step = last_step

    def update(self, z: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(0.5 * self.cell(z) + self.inject(x))

    def forward(self, x: Tensor) -> Tensor:
        z = x.new_zeros(len(x), WIDTH)
        with torch.no_grad():
            for _ in range(12):
                z = self.update(z, x)
        if self.last_step:
            z = self.update(z, x)
        return self.out(z)


CASES: tuple[Case, ...] = (
    case("euler_10", "euler", lambda: Euler(10, 0.1, nn.Tanh())),
    case(
        "euler_50_large_steps",
        "euler",
        lambda: Euler(50, 8.0, nn.ReLU()),
        "exploding",
        "field",
        FEW,
        "nonfinite",
    ),
    case("zero_last_30", "plain sum", lambda: Deep(30, torch.add, lambda: Branch(zero=True))),
    case(
        "gain_5_40",
        "plain sum",
        lambda: Deep(40, torch.add, lambda: Branch(gain=5.0)),
        "exploding",
        "stem branches.0",
        FEW,
        "nonfinite",
    ),
    case("root_of_half_12", "averaged skip", lambda: Deep(12, lambda x, y: (x + y) * 0.5**0.5)),
    case(
        "tenth_20",
        "averaged skip",
        lambda: Deep(20, lambda x, y: 0.1 * (x + y)),
        "vanishing",
        "stem branches.0",
        FEW,
        "collapse",
    ),
    case("norm_shift_minus_half", "norm shift", lambda: one_off(-0.5)),
    case("norm_shift_minus_30", "norm shift", lambda: one_off(-30.0), "dead_units", "branches.1"),
    case("norm_shift_minus_30_leaky", "norm shift", lambda: one_off(-30.0, F.leaky_relu)),
    case("equilibrium_last_step", "equilibrium", lambda: Equilibrium(last_step=True)),
    case(
        "equilibrium_no_grad",
        "equilibrium",
        lambda: Equilibrium(last_step=False),
        "disconnected",
        "cell inject",
    ),
    case("unit_length_6", "unit length", lambda: Deep(6, UnitLength())),
    case(
        "unit_length_6_zero_start",
        "unit length",
        lambda: Deep(6, UnitLength(), lambda: Branch(zero=True)),
        "nonfinite",
        "join",
    ),
)
