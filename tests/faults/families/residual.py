"""Residual networks by depth, norm and scale of the branches."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import NESTED

WIDTH = 24


def branch(init: Callable[[Tensor], object] | None = None) -> nn.Sequential:
    """Two linear layers; the last one's weight may be initialised on its own."""
    layers = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
    if init is not None:
        init(layers[2].weight)
        nn.init.zeros_(layers[2].bias)
    return layers


class Block(nn.Module):
    """x + branch(x), in the variants of the literature.

    Args:
        norm: ``pre``, ``post`` or ``none``.
        scale: What the branch is multiplied by.
        learned: Whether that factor is a parameter (ReZero, SkipInit, LayerScale).
        keep: What the skip connection is multiplied by.
        drop: The share of steps without the branch (stochastic depth).
    """

    def __init__(
        self,
        norm: str = "pre",
        scale: float = 1.0,
        *,
        learned: bool = False,
        keep: float = 1.0,
        drop: float = 0.0,
        init: Callable[[Tensor], object] | None = None,
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH) if norm != "none" else nn.Identity()
        self.branch = branch(init)
        factor = torch.full((WIDTH,), scale)
        self.gamma = nn.Parameter(factor) if learned else None
        self.post, self.scale, self.keep, self.drop = norm == "post", scale, keep, drop

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.drop and torch.rand(()) < self.drop:
            return x
        new = self.branch(x if self.post else self.norm(x))
        new = new * (self.scale if self.gamma is None else self.gamma)
        total = self.keep * x + new
        return self.norm(total) if self.post else total


def resnet(depth: int, make: Callable[[], nn.Module] = Block, *, final: bool = True) -> nn.Module:
    """Stem, blocks, perhaps a norm, head."""
    return nn.Sequential(
        nn.Linear(16, WIDTH),
        *(make() for _ in range(depth)),
        nn.LayerNorm(WIDTH) if final else nn.Identity(),
        nn.Linear(WIDTH, 4),
    )


def he(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def large(weight: Tensor) -> None:
    nn.init.normal_(weight, 0.0, 1.0)


case = Family("residual", NESTED)

CASES: tuple[Case, ...] = (
    case("prenorm_6", "norm", lambda: resnet(6)),
    case("prenorm_20", "norm", lambda: resnet(20)),
    case("prenorm_100", "norm", lambda: resnet(100)),
    case("postnorm_6", "norm", lambda: resnet(6, lambda: Block("post"))),
    case("none_4", "none", lambda: resnet(4, lambda: Block("none"), final=False)),
    case(
        "none_50_he",
        "none",
        lambda: resnet(50, lambda: Block("none", init=he), final=False),
        "exploding",
        "0 1",
    ),
    case(
        "none_50_normal",
        "none",
        lambda: resnet(50, lambda: Block("none", init=large), final=False),
        "exploding",
        "0 1",
    ),
    case(
        "none_50_zero",
        "none",
        lambda: resnet(50, lambda: Block("none", init=nn.init.zeros_), final=False),
    ),
    case("rezero_20", "scale", lambda: resnet(20, lambda: Block("none", 0.0, learned=True))),
    case("layerscale_20", "scale", lambda: resnet(20, lambda: Block("pre", 1e-6, learned=True))),
    case("fixed_scale_20", "scale", lambda: resnet(20, lambda: Block("pre", 0.05))),
    case(
        "skip_a_tenth_20",
        "keep",
        lambda: resnet(20, lambda: Block("none", 0.1, keep=0.1), final=False),
        "vanishing",
        "0",
        also="collapse",
    ),
    case(
        "skip_a_hundredth_postnorm",
        "keep",
        lambda: resnet(6, lambda: Block("post", keep=0.01)),
    ),
    case(
        "skip_times_4_50",
        "keep",
        lambda: resnet(50, lambda: Block("none", keep=4.0), final=False),
        "exploding",
        "0 1",
    ),
    case(
        "skip_root_half_20",
        "keep",
        lambda: resnet(20, lambda: Block("pre", 0.5, keep=0.9)),
    ),
    case("stochastic_depth_10", "drop", lambda: resnet(10, lambda: Block(drop=0.3))),
)
