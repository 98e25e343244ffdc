"""Heads, experts, adapters and MLPs that are copies, unused, cut off or dead."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.transformer import HEADS, WIDTH, Classifier, Mlp, case


def same_heads(model: nn.Module) -> nn.Module:
    """All heads start as copies of the first, in what they read and in what they write."""
    size = WIDTH // HEADS
    with torch.no_grad():
        for block in model.blocks:
            for part in block.attn.qkv.weight.chunk(3), block.attn.qkv.bias.chunk(3):
                for rows in part:
                    rows.copy_(rows[:size].repeat(HEADS, *[1] * (rows.dim() - 1)))
            columns = block.attn.proj.weight
            columns.copy_(columns[:, :size].repeat(1, HEADS))
    return model


def same_reading(model: nn.Module) -> nn.Module:
    """Heads read alike, but write to different places."""
    writes = [block.attn.proj.weight.clone() for block in model.blocks]
    same_heads(model)
    with torch.no_grad():
        for block, weight in zip(model.blocks, writes, strict=True):
            block.attn.proj.weight.copy_(weight)
    return model


def dead_mlp(bias: float) -> Callable[[], nn.Module]:
    """The MLP of the second block has this bias before its activation."""

    def build() -> nn.Module:
        model = Classifier()
        nn.init.constant_(model.blocks[1].mlp.fc1.bias, bias)
        return model

    return build


class Experts(nn.Module):
    """A mixture of experts for every step, top one or all of them."""

    def __init__(
        self, how: str, *, same: bool = False, zero_router: bool = False, idle: bool = True
    ) -> None:
        super().__init__()
        self.router = nn.Linear(WIDTH, 6)
        self.experts = nn.ModuleList([Mlp(hidden=16) for _ in range(6)])
        if same:
            self.experts = nn.ModuleList([copy.deepcopy(self.experts[0]) for _ in range(6)])
        if zero_router:
            nn.init.zeros_(self.router.weight)
            nn.init.zeros_(self.router.bias)
        elif idle:
            # As after a while of training: two of the six get nothing.
            nn.init.constant_(self.router.bias[4:], -30.0)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        weights = self.router(x).softmax(-1)
        if self.how == "all":
            every = torch.stack([expert(x) for expert in self.experts], dim=-1)
            return x + (every * weights.unsqueeze(-2)).sum(-1)
        best, chosen = weights.max(-1)
        y = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            here = chosen == index
            if here.any():
                factor = best[here].unsqueeze(-1) if self.how == "top" else 1.0
                y[here] = expert(x[here]) * factor
        return x + y


class Lora(nn.Module):
    """A frozen linear map and a low-rank change to it."""

    def __init__(self, base: nn.Linear, std: float) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_a = nn.Parameter(std * torch.randn(4, base.in_features))
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 2 * x @ self.lora_a.T @ self.lora_b.T


def adapted(std: float) -> nn.Module:
    """All of a classifier is frozen but the adapters of its MLPs and the head."""
    model = Classifier().requires_grad_(False)
    for block in model.blocks:
        block.mlp.fc1, block.mlp.fc2 = Lora(block.mlp.fc1, std), Lora(block.mlp.fc2, std)
    model.head.requires_grad_(True)
    return model


CASES: tuple[Case, ...] = (
    case("same_heads", "heads", lambda: same_heads(Classifier()), "symmetry", "blocks.0.attn"),
    case("same_reading", "heads", lambda: same_reading(Classifier())),
    case("mlp_bias_minus_100", "dead mlp", dead_mlp(-100.0), "dead_units", "blocks.1.mlp"),
    case("mlp_bias_minus_1", "dead mlp", dead_mlp(-1.0)),
    case("experts_top", "experts", lambda: Classifier(lambda: Experts("top"))),
    case(
        "experts_hard",
        "experts",
        lambda: Classifier(lambda: Experts("hard")),
        "disconnected",
        "blocks.0.router blocks.1.router",
    ),
    case(
        "experts_copied",
        "experts",
        lambda: Classifier(lambda: Experts("all", same=True, idle=False)),
    ),
    case(
        "experts_copied_zero_router",
        "experts",
        lambda: Classifier(lambda: Experts("all", same=True, zero_router=True)),
        "symmetry",
        "blocks.0",
    ),
    case("lora", "lora", lambda: adapted(0.2)),
    case(
        "lora_both_zero",
        "lora",
        lambda: adapted(0.0),
        "symmetry",
        "blocks.0.mlp",
        also="dead_units vanishing",
    ),
)
