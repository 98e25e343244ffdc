"""Transformers: where the norm sits, what scales a branch, and what holds the stack together."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import SIGNALS, TOKENS

WIDTH, HEADS = 32, 4

case = Family("transformer", replace(SIGNALS, steps=200))
SHORT = replace(SIGNALS, name="signals, 100 batches", steps=100)


class Attention(nn.Module):
    """Several heads out of one projection, over all steps."""

    def __init__(self, width: int = WIDTH, heads: int = HEADS) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        batch, steps, width = x.shape
        shape = (batch, steps, 3, self.heads, width // self.heads)
        q, k, v = self.qkv(x).reshape(shape).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, steps, width))


class Mlp(nn.Module):
    def __init__(self, width: int = WIDTH, hidden: int = 2 * WIDTH) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Attention and MLP; ``norm`` says where LayerNorm sits: pre, post or none.

    ``gain`` is a learned factor per channel on every branch, ``skip`` what is kept of the input.
    """

    def __init__(self, norm: str = "pre", gain: float | None = None, skip: float = 1.0) -> None:
        super().__init__()
        self.attn, self.mlp = Attention(), Mlp()
        self.norm1 = nn.LayerNorm(WIDTH) if norm != "none" else nn.Identity()
        self.norm2 = nn.LayerNorm(WIDTH) if norm != "none" else nn.Identity()
        self.gamma1 = nn.Parameter(torch.full((WIDTH,), gain)) if gain is not None else 1.0
        self.gamma2 = nn.Parameter(torch.full((WIDTH,), gain)) if gain is not None else 1.0
        self.post, self.skip = norm == "post", skip

    def forward(self, x: Tensor) -> Tensor:
        if self.post:
            x = self.norm1(self.skip * x + self.attn(x))
            return self.norm2(self.skip * x + self.mlp(x))
        x = self.skip * x + self.gamma1 * self.attn(self.norm1(x))
        return self.skip * x + self.gamma2 * self.mlp(self.norm2(x))


class Classifier(nn.Module):
    """Steps (or tokens) and positions embedded, blocks in a list, the mean, a head."""

    def __init__(
        self,
        block: Callable[[], nn.Module] = Block,
        depth: int = 2,
        *,
        final_norm: bool = True,
        shared: bool = False,
        tokens: bool = False,
        init: Callable[[nn.Module], object] | None = None,
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, WIDTH) if tokens else nn.Linear(8, WIDTH)
        self.position = nn.Parameter(0.5 * torch.randn(12, WIDTH))
        self.blocks = nn.ModuleList([block() for _ in range(1 if shared else depth)])
        self.norm = nn.LayerNorm(WIDTH) if final_norm else nn.Identity()
        self.head = nn.Linear(WIDTH, 4)
        self.repeats = depth if shared else 1
        if init is not None:
            self.apply(init)

    def forward(self, sequence: Tensor) -> Tensor:
        x = self.embed(sequence)
        x = x + self.position[: x.shape[1]]
        for _ in range(self.repeats):
            for block in self.blocks:
                x = block(x)
        return self.head(self.norm(x).mean(dim=1))


class Torch(nn.Module):
    """``nn.TransformerEncoder`` on float signals, with a class token."""

    def __init__(self, layers: int = 2, dropout: float = 0.1, *, norm_first: bool) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 2 * WIDTH, dropout, batch_first=True, norm_first=norm_first
        )
        self.inputs = nn.Linear(8, WIDTH)
        self.positions = nn.Parameter(0.02 * torch.randn(1, 9, WIDTH))
        self.cls = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), self.inputs(x)], dim=1)
        return self.head(self.encoder(x + self.positions)[:, 0])


class ReZero(nn.Module):
    """Branches times a number that starts at zero; without the skip nothing comes through."""

    def __init__(self, *, skip: bool = True) -> None:
        super().__init__()
        self.attn, self.mlp = Attention(), Mlp()
        self.alpha = nn.Parameter(torch.zeros(1))
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        y = self.alpha * self.mlp(self.attn(x))
        return x + y if self.skip else y


class Checkpointed(Block):
    """Forgets its activations and computes them again on the way back."""

    def forward(self, x: Tensor) -> Tensor:
        return checkpoint(super().forward, x, use_reentrant=False)


class Coupled(nn.Module):
    """Two halves that update each other in turn, as reversible networks do."""

    def __init__(self) -> None:
        super().__init__()
        half = WIDTH // 2
        self.f = nn.Sequential(nn.LayerNorm(half), Attention(half, 2))
        self.g = nn.Sequential(nn.LayerNorm(half), Mlp(half, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, dim=-1)
        first = first + self.f(second)
        second = second + self.g(first)
        return torch.cat([first, second], dim=-1)


class Dropped(Block):
    """Leaves a block out half of the time, for the whole batch: stochastic depth."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training and torch.rand(()) < 0.5:
            return x
        return super().forward(x)


def small_normal(module: nn.Module) -> None:
    """As in BERT: N(0, 0.02) and zero bias."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


def he(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


def zero_last(model: nn.Module) -> nn.Module:
    """Every branch starts at zero, as Fixup has it."""
    for module in model.modules():
        if isinstance(module, Attention):
            nn.init.zeros_(module.proj.weight)
        elif isinstance(module, Mlp):
            nn.init.zeros_(module.fc2.weight)
    return model


def bare(depth: int, init: Callable[[nn.Module], object] | None = None) -> nn.Module:
    return Classifier(lambda: Block("none"), depth, final_norm=False, init=init)


CASES: tuple[Case, ...] = (
    case("pre_norm_2", "norm", Classifier),
    case("pre_norm_2_tokens", "norm", lambda: Classifier(tokens=True), task=TOKENS),
    case("pre_norm_6", "norm", lambda: Classifier(depth=6)),
    case("post_norm_2", "norm", lambda: Classifier(lambda: Block("post"))),
    case("post_norm_6", "norm", lambda: Classifier(lambda: Block("post"), 6)),
    case(
        "post_norm_4_small_skip",
        "norm",
        lambda: Classifier(lambda: Block("post", skip=0.01), 4),
    ),
    case("pre_norm_2_small_normal", "norm", lambda: Classifier(init=small_normal)),
    case(
        "pre_norm_4_no_skip",
        "norm",
        lambda: Classifier(lambda: Block(skip=0.0), 4),
    ),
    case("torch_post_norm", "torch", lambda: Torch(norm_first=False)),
    case("torch_pre_norm_dropout", "torch", lambda: Torch(dropout=0.3, norm_first=True)),
    case("layerscale", "layerscale", lambda: Classifier(lambda: Block(gain=1e-6), 4)),
    case(
        "layerscale_no_skip",
        "layerscale",
        lambda: Classifier(lambda: Block(gain=1e-6, skip=0.0), 5, final_norm=False),
        "vanishing",
        "blocks.0",
        SHORT,
        also="collapse",
    ),
    case("rezero", "rezero", lambda: Classifier(ReZero, 4, final_norm=False)),
    case(
        "rezero_no_skip",
        "rezero",
        lambda: Classifier(lambda: ReZero(skip=False), 3, final_norm=False),
        "collapse",
        "blocks.0",
        SHORT,
        also="vanishing",
    ),
    case("shared_block", "sharing", lambda: Classifier(depth=4, shared=True)),
    case(
        "shared_block_no_skip",
        "sharing",
        lambda: Classifier(lambda: Block("none", skip=0.0), 4, shared=True, final_norm=False),
        "vanishing",
        "blocks.0",
        SHORT,
        also="collapse",
    ),
    case("checkpointed", "storage", lambda: Classifier(Checkpointed)),
    case("coupled", "storage", lambda: Classifier(Coupled, 4)),
    case("stochastic_depth", "storage", lambda: Classifier(Dropped, 4)),
    case("bare_he_16", "bare", lambda: bare(16, he), "exploding", "blocks.0"),
    case("bare_zero_branches_16", "bare", lambda: zero_last(bare(16))),
    case("bare_small_normal_4", "bare", lambda: bare(4, small_normal)),
    case(
        "bare_small_normal_6_no_skip",
        "bare",
        lambda: Classifier(lambda: Block("none", skip=0.0), 6, final_norm=False, init=small_normal),
        "vanishing",
        "blocks.0",
        SHORT,
        also="collapse",
    ),
)
