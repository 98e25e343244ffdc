"""Transformers assembled from torch.nn as papers and tutorials write them."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard

VOCABULARY, LENGTH, ROWS, WIDTH = 50, 24, 16, 32


class Translator(nn.Module):
    """nn.Transformer as its tutorial uses it, sine positions and Xavier matrices."""

    def __init__(self) -> None:
        super().__init__()
        self.source = nn.Embedding(VOCABULARY, WIDTH)
        self.target = nn.Embedding(VOCABULARY, WIDTH)
        self.transformer = nn.Transformer(WIDTH, 4, 3, 3, 64, batch_first=True)
        self.head = nn.Linear(WIDTH, VOCABULARY)
        places = torch.arange(LENGTH).unsqueeze(1) * torch.exp(-torch.linspace(0, 9, WIDTH // 2))
        self.register_buffer("position", torch.cat([places.sin(), places.cos()], 1))
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        a = self.source(source) * math.sqrt(WIDTH) + self.position
        b = self.target(target) * math.sqrt(WIDTH) + self.position
        out: Tensor = self.head(self.transformer(a, b, tgt_mask=mask))
        return out


class Encoder(nn.Module):
    """TransformerEncoder with the mean of its outputs classified."""

    def __init__(self, depth: int, *, norm_first: bool, activation: str = "relu") -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Parameter(0.02 * torch.randn(1, LENGTH, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, 4, 64, 0.1, activation, batch_first=True, norm_first=norm_first
        )
        norm = nn.LayerNorm(WIDTH) if norm_first else None
        self.encoder = nn.TransformerEncoder(layer, depth, norm, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, ids: Tensor) -> Tensor:
        out: Tensor = self.head(self.encoder(self.embedding(ids) + self.position).mean(1))
        return out


class LoRALinear(nn.Module):
    """A frozen layer plus B A x, with B = 0."""

    def __init__(self, base: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.empty(rank, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.base(x) + 2.0 * F.linear(F.linear(x, self.A), self.B)
        return out


class Block(nn.Module):
    """Self-attention and an MLP; ``gated`` is ReZero: one zero scalar a branch and no norms."""

    def __init__(self, *, gated: bool = False) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.norm1: nn.Module = nn.Identity() if gated else nn.LayerNorm(WIDTH)
        self.norm2: nn.Module = nn.Identity() if gated else nn.LayerNorm(WIDTH)
        self.gate = nn.Parameter(torch.zeros(1)) if gated else 1.0

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (4, -1)).transpose(1, 2).chunk(3, -1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + self.gate * self.out(y)
        out: Tensor = x + self.gate * self.fc2(F.gelu(self.fc1(self.norm2(x))))
        return out


class Decoder(nn.Module):
    def __init__(self, depth: int = 6, *, gated: bool = False, shared: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(LENGTH, WIDTH)
        blocks = [Block(gated=gated) for _ in range(1 if shared else depth)]
        self.blocks = nn.ModuleList(blocks)
        self.rounds = depth if shared else 1
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids) + self.position(torch.arange(ids.shape[1]))
        for _ in range(self.rounds):
            for block in self.blocks:
                x = block(x)
        out: Tensor = self.head(self.norm(x))
        return out


def lora() -> nn.Module:
    """A decoder whose every weight is frozen but for the adapters of query, key and value."""
    model = Decoder().requires_grad_(False)
    for block in model.blocks:
        assert isinstance(block, Block)
        block.qkv = LoRALinear(block.qkv)  # type: ignore[assignment]
    return model


def _ids() -> Tensor:
    return torch.randint(0, VOCABULARY, (ROWS, LENGTH))


def _classes() -> tuple[Tensor, Tensor]:
    return _ids(), torch.randint(0, 4, (ROWS,))


def _next() -> tuple[Tensor, Tensor]:
    ids = _ids()
    return ids, ids.roll(-1, 1)


def _pairs() -> tuple[Tensor, Tensor, Tensor]:
    target = _ids()
    return _ids(), target, target.roll(-1, 1)


def _tokens(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.flatten(0, 1), target.flatten())


def _classifier(name: str, build: Any, **options: Any) -> Standard:
    made = functools.partial(build, **options)
    return Standard(name, "torch.nn", made, _classes, F.cross_entropy)


ATTENTION: tuple[Standard, ...] = (
    Standard("nn.Transformer", "torch.nn", Translator, _pairs, _tokens),
    _classifier("encoder, 12 layers, pre-norm", Encoder, depth=12, norm_first=True),
    _classifier("encoder, 6 layers, post-norm", Encoder, depth=6, norm_first=False),
    _classifier("encoder, GELU", Encoder, depth=4, norm_first=True, activation="gelu"),
    Standard("decoder, pre-norm", "torch.nn", Decoder, _next, _tokens),
    Standard(
        "decoder, ReZero",
        "torch.nn",
        functools.partial(Decoder, depth=12, gated=True),
        _next,
        _tokens,
    ),
    Standard(
        "decoder, one shared block",
        "torch.nn",
        functools.partial(Decoder, shared=True),
        _next,
        _tokens,
    ),
    Standard("decoder, LoRA with B = 0", "torch.nn", lora, _next, _tokens),
)
