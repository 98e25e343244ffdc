"""Hourglasses with shortcuts, invertible layers, several heads, products of attention."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED, RECONSTRUCTION, SIGNALS, generator

case = SecondFamily("other", NESTED)


class Shortcuts(nn.Module):
    """Down, a narrow middle, up again with what was seen on the way down."""

    def __init__(self, middle_bias: float = 0.0, *, cut: bool = False, factor: float = 1.0) -> None:
        super().__init__()
        self.down1 = nn.Conv1d(1, 8, 4, 2, 1)
        self.down2 = nn.Conv1d(8, 16, 4, 2, 1)
        self.middle = nn.Sequential(nn.Conv1d(16, 24, 3, padding=1), nn.ReLU())
        self.up2 = nn.ConvTranspose1d(24 + 16, 8, 4, 2, 1)
        self.up1 = nn.ConvTranspose1d(8 + 8, 1, 4, 2, 1)
        nn.init.constant_(self.middle[0].bias, middle_bias)
        self.cut, self.factor = cut, factor

    def forward(self, values: Tensor) -> Tensor:
        first = F.gelu(self.down1(values.unsqueeze(1)))
        second = F.gelu(self.down2(first))
        middle = self.middle(second)
        if self.cut:
            first, second = first.detach(), second.detach()
        h = F.gelu(self.up2(torch.cat([middle, self.factor * second], dim=1)))
        return self.up1(torch.cat([h, self.factor * first], dim=1)).squeeze(1)


def moons(seed: int) -> tuple[Tensor, Tensor]:
    """Four coordinates near a bent curve; the target is not used."""
    source = generator(seed)
    along = 4 * torch.rand(64, 1, generator=source) - 2
    points = torch.cat([along, along.square() - 1.5, (2 * along).sin(), -along], dim=1)
    return points + 0.1 * torch.randn(64, 4, generator=source), torch.zeros(64)


def log_likelihood(output: Any) -> Tensor:
    """Of the points a flow has moved to ``output[0]`` with log-volume ``output[1]``."""
    moved, volume = output
    return (volume - 0.5 * moved.square().sum(1) - 2 * math.log(2 * math.pi)).mean()


def mean_likelihood(model: Any, batch: Any) -> float:
    with torch.no_grad():
        return max(float(log_likelihood(model(batch[0]))), -50.0)


FLOW = Task(
    "flow",
    moons,
    mean_likelihood,
    -6.3,
    -3.0,
    loss_fn=lambda output, target: -log_likelihood(output),
    steps=300,
)


class Coupling(nn.Module):
    """Half of the coordinates say how to stretch and shift the others."""

    def __init__(self, bound: Callable[[Tensor], Tensor], *, flip: bool, gain: float) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 48), nn.Tanh(), nn.Linear(48, 4))
        nn.init.normal_(self.net[2].weight, 0.0, gain)
        nn.init.zeros_(self.net[2].bias)
        self.bound, self.flip = bound, flip

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept, moved = x.chunk(2, dim=1)
        if self.flip:
            kept, moved = moved, kept
        log_scale, shift = self.net(kept).chunk(2, dim=1)
        log_scale = self.bound(log_scale)
        moved = moved * log_scale.exp() + shift
        both = (moved, kept) if self.flip else (kept, moved)
        return torch.cat(both, dim=1), log_scale.sum(1)


class Flow(nn.Module):
    """Six couplings in turn."""

    def __init__(self, bound: Callable[[Tensor], Tensor], gain: float) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(
            [Coupling(bound, flip=i % 2 == 1, gain=gain) for i in range(6)]
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        volume = x.new_zeros(len(x))
        for coupling in self.couplings:
            x, more = coupling(x)
            volume = volume + more
        return x, volume


class TwoHeads(nn.Module):
    """A class and its parity from a shared trunk, weighed by learned uncertainties."""

    def __init__(self, read: Callable[[nn.Parameter], Any]) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.heads = nn.ModuleDict({"kind": nn.Linear(32, 4), "parity": nn.Linear(32, 1)})
        self.log_variance = nn.Parameter(torch.zeros(2))
        self.read = read

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = self.trunk(x)
        return {"logits": self.heads["kind"](h), "parity": self.heads["parity"](h)}


def weighed(model: Any, batch: Any) -> Tensor:
    points, labels = batch
    output = model(points)
    kind = F.cross_entropy(output["logits"], labels)
    odd = (labels % 2).float().unsqueeze(1)
    parity = F.binary_cross_entropy_with_logits(output["parity"], odd)
    a, b = model.read(model.log_variance)
    weights = torch.stack([torch.as_tensor(-a).exp(), torch.as_tensor(-b).exp()])
    return weights[0] * kind + weights[1] * parity + 0.5 * (a + b)


TWO_TASKS = replace(NESTED, name="two weighed tasks", loss_fn=None, step=weighed)


class Products(nn.Module):
    """Queries times keys times values, without a softmax; scaled by the length, or not."""

    def __init__(self, depth: int, scale: float, *, norm: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.maps = nn.ModuleList([nn.Linear(32, 96) for _ in range(depth)])
        self.norms = nn.ModuleList(
            [nn.LayerNorm(32) if norm else nn.Identity() for _ in range(depth)]
        )
        self.out = nn.Linear(32, 4)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        for linear, norm in zip(self.maps, self.norms, strict=True):
            q, k, v = linear(norm(h)).chunk(3, dim=-1)
            h = h + self.scale * (q @ k.mT) @ v
        return self.out(h.mean(1))


class Router(nn.Module):
    """Input by way of soft choices at every level of a tree; leaves hold the logits."""

    def __init__(self, choose: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(16, 48), nn.ReLU())
        self.splits = nn.Linear(48, 3 * 7)
        self.leaves = nn.Parameter(torch.randn(3, 8, 4))
        self.choose = choose

    def forward(self, x: Tensor) -> Tensor:
        right = self.choose(self.splits(self.features(x))).view(-1, 3, 7)
        paths = torch.ones(len(x), 3, 1)
        for level in range(3):
            here = right[:, :, 2**level - 1 : 2 ** (level + 1) - 1]
            paths = torch.stack([paths * (1 - here), paths * here], dim=-1).flatten(2)
        return 3 * torch.einsum("btl,tlc->bc", paths, self.leaves)


CASES: tuple[Case, ...] = (
    case("shortcuts", "shortcuts", Shortcuts, task=RECONSTRUCTION),
    case("shortcuts_cut", "shortcuts", lambda: Shortcuts(cut=True), task=RECONSTRUCTION),
    case(
        "shortcuts_middle_off",
        "shortcuts",
        lambda: Shortcuts(-60.0),
        "dead_units",
        "middle",
        RECONSTRUCTION,
    ),
    case("flow_bounded", "flow", lambda: Flow(torch.tanh, 0.05), task=FLOW),
    case("flow_zero_start", "flow", lambda: Flow(lambda s: 2 * torch.tanh(s), 0.0), task=FLOW),
    case(
        "flow_unbounded",
        "flow",
        lambda: Flow(lambda s: s, 3.0),
        "exploding",
        "couplings",
        FLOW,
        "nonfinite",
    ),
    case("weighed", "weighed tasks", lambda: TwoHeads(lambda p: p), task=TWO_TASKS),
    case(
        "weighed_by_numbers",
        "weighed tasks",
        lambda: TwoHeads(lambda p: torch.tensor(p.tolist())),
        "disconnected",
        "log_variance",
        TWO_TASKS,
    ),
    case("products_norm", "products", lambda: Products(4, 1 / 64, norm=True), task=SIGNALS),
    case(
        "products_unscaled",
        "products",
        lambda: Products(6, 1.0, norm=False),
        "exploding",
        "maps embed",
        SIGNALS,
        "nonfinite",
    ),
    case("tree_soft", "tree", lambda: Router(torch.sigmoid)),
    case(
        "tree_rounded",
        "tree",
        lambda: Router(lambda s: torch.sigmoid(s).round()),
        "vanishing",
        "features splits",
    ),
)
