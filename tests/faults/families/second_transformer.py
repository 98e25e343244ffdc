"""Patches, latents, linear attention, distances in attention, mixers, tied language models."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr, index"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import SIGNALS, STRIPES
from tests.faults.tasks_sequence import LANGUAGE, WORDS

DIM = 32

case = SecondFamily("transformer", SIGNALS)

FEW_STRIPES = replace(STRIPES, name="stripes, fewer steps", steps=80)
FEW_WORDS = replace(LANGUAGE, name="language, fewer steps", steps=100)


class Layer(nn.TransformerEncoderLayer):
    """Torch's own layer, pre-norm and without dropout."""

    def __init__(self, **changes: bool) -> None:
        settings = {"batch_first": True, "norm_first": True, **changes}
        super().__init__(DIM, 4, 64, dropout=0.0, **settings)


class Patches(nn.Module):
    """A vision transformer: 4 x 4 patches, a class token, learned positions."""

    def __init__(
        self,
        token: Callable[[nn.Parameter], Tensor] = lambda token: token,
        *,
        position_std: float = 0.02,
        layers: int = 2,
    ) -> None:
        super().__init__()
        self.patchify = nn.Conv2d(3, DIM, 4, 4)
        self.cls = nn.Parameter(torch.randn(1, 1, DIM))
        self.positions = nn.Parameter(position_std * torch.randn(1, 17, DIM))
        self.layers = nn.ModuleList([Layer() for _ in range(layers)])
        self.final = nn.LayerNorm(DIM)
        self.head = nn.Linear(DIM, 5)
        self.token = token

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patchify(images).flatten(2).transpose(1, 2)
        first = self.token(self.cls).expand(len(images), -1, -1)
        x = torch.cat([first, patches], dim=1) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.head(self.final(x[:, 0]))


class Latents(nn.Module):
    """A few latent vectors read the sequence, as in Perceiver."""

    def __init__(self, init: Callable[[Tensor], object], *, cut: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(8, DIM)
        self.where = nn.Parameter(torch.randn(8, DIM) * 0.5)
        self.latents = nn.Parameter(torch.empty(6, DIM))
        init(self.latents.data)
        self.read = nn.MultiheadAttention(DIM, 4, batch_first=True)
        self.think = Layer()
        self.head = nn.Linear(6 * DIM, 4)
        self.cut = cut

    def forward(self, sequence: Tensor) -> Tensor:
        memory = self.embed(sequence) + self.where
        asked = self.latents.unsqueeze(0).expand(len(sequence), -1, -1)
        with torch.set_grad_enabled(not self.cut):
            answers, _ = self.read(asked, memory, memory, need_weights=False)
        return self.head(self.think(asked + answers).flatten(1))


class KernelAttention(nn.Module):
    """Attention by a feature map instead of a softmax, with its normaliser."""

    def __init__(self, feature: Callable[[Tensor], Tensor], eps: float) -> None:
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.proj = nn.Linear(DIM, DIM)
        self.feature, self.eps = feature, eps

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k = self.feature(q), self.feature(k)
        summed = torch.einsum("bnd,bne->bde", k, v)
        total = torch.einsum("bnd,bd->bn", q, k.sum(1)).unsqueeze(-1) + self.eps
        return x + self.proj(torch.einsum("bnd,bde->bne", q, summed) / total)


class Kernels(nn.Module):
    """Two such layers and the first step's answer."""

    def __init__(
        self, feature: Callable[[Tensor], Tensor], eps: float = 1e-6, bias: float = 0.0
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(8, DIM)
        self.places = nn.Embedding(8, DIM)
        self.attention = nn.ModuleList([KernelAttention(feature, eps) for _ in range(2)])
        self.norm = nn.LayerNorm(DIM)
        self.out = nn.Linear(DIM, 4)
        for layer in self.attention:
            nn.init.constant_(layer.qkv.bias[: 2 * DIM], bias)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.places.weight
        for layer in self.attention:
            h = layer(h)
        return self.out(self.norm(h)[:, -1])


class TiedWords(nn.Module):
    """A causal language model whose output layer is its embedding; returns its own loss."""

    def __init__(self, std: float, *, average: bool = False) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, DIM, padding_idx=0)
        self.places = nn.Embedding(10, DIM)
        nn.init.normal_(self.words.weight, 0.0, std)
        nn.init.normal_(self.places.weight, 0.0, 0.3)
        self.blocks = nn.ModuleList([Layer() for _ in range(2)])
        self.norm = nn.LayerNorm(DIM)
        self.average = average

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        causal = nn.Transformer.generate_square_subsequent_mask(10)
        h = self.words(input_ids) + self.places.weight
        for block in self.blocks:
            h = block(h, src_mask=causal, is_causal=True)
        if self.average:
            h = torch.zeros_like(h) + (h * attention_mask[..., None]).mean((0, 1))
        logits = F.linear(self.norm(h), self.words.weight) / DIM**0.5
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
        return {"loss": loss, "logits": logits}


CASES: tuple[Case, ...] = (
    case("patches", "patches", Patches, task=STRIPES),
    case(
        "patches_token_data",
        "patches",
        lambda: Patches(lambda token: token.data),
        "disconnected",
        "cls",
        STRIPES,
    ),
    case(
        "patches_positions_1e8",
        "patches",
        lambda: Patches(position_std=1e8),
        "collapse",
        "layers.0 positions patchify",
        FEW_STRIPES,
        "saturation",
    ),
    case("latents", "latents", lambda: Latents(nn.init.normal_)),
    case("latents_zero", "latents", lambda: Latents(nn.init.zeros_)),
    case(
        "latents_read_without_grad",
        "latents",
        lambda: Latents(nn.init.normal_, cut=True),
        "disconnected",
        "embed read where",
    ),
    case("kernel_elu", "kernels", lambda: Kernels(lambda x: F.elu(x) + 1)),
    case(
        "kernel_relu_unlucky",
        "kernels",
        lambda: Kernels(F.relu, 0.0, -3.0),
        "nonfinite",
        "attention.0",
    ),
    case("kernel_relu_eps", "kernels", lambda: Kernels(F.relu, 1e-2)),
    case("tied_words", "tied words", lambda: TiedWords(1.0), task=LANGUAGE),
    case(
        "tied_words_averaged",
        "tied words",
        lambda: TiedWords(1.0, average=True),
        "collapse",
        "norm",
        FEW_WORDS,
    ),
)
