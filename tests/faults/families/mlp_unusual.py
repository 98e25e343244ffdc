"""Networks that look risky and are not, with a broken relative here and there."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, NESTED, REGRESSION, XOR


def plain(wrap: Callable[[nn.Linear], nn.Module] = nn.Sequential) -> nn.Sequential:
    """Three layers, each wrapped in something."""
    return nn.Sequential(
        wrap(nn.Linear(16, 32)), nn.ReLU(), wrap(nn.Linear(32, 32)), nn.ReLU(), nn.Linear(32, 4)
    )


class GLU(nn.Module):
    """A gated layer: SwiGLU, or a gate that is nearly shut."""

    def __init__(self, gate_bias: float) -> None:
        super().__init__()
        self.gate, self.up = nn.Linear(16, 48), nn.Linear(16, 48)
        self.down, self.head = nn.Linear(48, 32), nn.Linear(32, 4)
        nn.init.constant_(self.gate.bias, gate_bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.down(torch.sigmoid(self.gate(x)) * self.up(x))))


class Experts(nn.Module):
    """A mixture of experts, routed to the best one; some experts may never be asked.

    Args:
        bias: The router's bias for the first two of four experts; a large one starves the others.
        copies: Every expert starts as a copy of the first.
        dense: Every expert is computed for every sample and weighed.
    """

    def __init__(self, bias: float = 0.0, *, copies: bool = False, dense: bool = False) -> None:
        super().__init__()
        self.router = nn.Linear(16, 4)
        nn.init.constant_(self.router.bias[:2], bias)
        self.experts = nn.ModuleList(
            [nn.Sequential(nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 24)) for _ in range(4)]
        )
        if copies:
            for expert in self.experts[1:]:
                expert.load_state_dict(self.experts[0].state_dict())
        self.head = nn.Linear(24, 4)
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        weights = self.router(x).softmax(-1)
        if self.dense:
            return self.head(sum(weights[:, i : i + 1] * e(x) for i, e in enumerate(self.experts)))
        chosen = weights.argmax(-1)
        out = x.new_zeros(len(x), 24)
        for index, expert in enumerate(self.experts):
            mine = chosen == index
            if mine.any():
                out[mine] = weights[mine, index, None] * expert(x[mine])
        return self.head(out)


class SquareReLU(torch.autograd.Function):
    """relu(x)^2 with a backward pass by hand, which may forget the chain rule's other factor."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, right: bool) -> Tensor:
        ctx.save_for_backward(x)
        ctx.right = right
        return x.clamp(min=0).square()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return (gradient * 2 * x.clamp(min=0) if ctx.right else torch.zeros_like(x)), None


class Custom(nn.Module):
    def __init__(self, *, right: bool) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(16, 32), nn.Linear(32, 32), nn.Linear(32, 4)
        self.right = right

    def forward(self, x: Tensor) -> Tensor:
        h = SquareReLU.apply(self.fc1(x), self.right)
        return self.fc3(F.relu(self.fc2(h)))


class RMSNorm(nn.Module):
    """Written by hand, with a gain that starts at zero or one."""

    def __init__(self, width: int, gain: float = 1.0) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.full((width,), gain))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.gain


class Normed(nn.Module):
    def __init__(self, gain: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(16 if i == 0 else 32, 32) for i in range(6)])
        self.norms = nn.ModuleList([RMSNorm(32, gain) for _ in range(6)])
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = torch.tanh(norm(layer(x)))
        return self.head(x)


class Fields(nn.Module):
    """Embeds each feature's bin; most bins of the wide table are never seen."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(16 * 200, 4, padding_idx=0)
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))

    def forward(self, x: Tensor) -> Tensor:
        bins = ((x + 5) * 2).long().clamp(0, 199) + 200 * torch.arange(16)
        return self.net(self.table(bins).flatten(1))


class Unbalanced(nn.Module):
    """A wide and linear tower beside a deep one."""

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.wide = nn.Linear(16, 32)
        self.deep = nn.Sequential(
            *(m for i in range(depth) for m in (nn.Linear(32 if i else 16, 32), nn.SiLU()))
        )
        self.head = nn.Linear(64, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([F.relu(self.wide(x)), self.deep(x)], dim=1))


class Fourier(nn.Module):
    """Random Fourier features: a buffer, nothing to train in it."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.register_buffer("frequencies", scale * torch.randn(16, 64))
        self.net = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x: Tensor) -> Tensor:
        angles = x @ self.frequencies
        return self.net(torch.cat([angles.sin(), angles.cos()], dim=1))


@dataclass
class Answer:
    loss: Tensor
    logits: Tensor
    hidden: tuple[Tensor, ...]


class Library(nn.Module):
    """Puts out an object with its loss, as model libraries do; has a pooler nobody asks."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList([nn.Linear(16, 32), nn.Linear(32, 32)])
        self.pooler = nn.Linear(32, 32)
        self.classifier = nn.Linear(32, 4)

    def forward(self, inputs: Tensor, labels: Tensor, mask: Tensor | None = None) -> Answer:
        h, hidden = inputs if mask is None else inputs * mask, []
        for layer in self.encoder:
            h = F.gelu(layer(h))
            hidden.append(h)
        logits = self.classifier(h)
        return Answer(F.cross_entropy(logits, labels), logits, tuple(hidden))


def keywords(seed: int) -> dict[str, Tensor]:
    inputs, labels = NESTED.batch(seed)
    return {"inputs": inputs, "labels": labels, "mask": torch.ones(1, inputs.shape[1])}


def squares(*activations: nn.Module) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(8, 64), activations[0], nn.Linear(64, 32), activations[1], nn.Linear(32, 1)
    )


def siren() -> nn.Sequential:
    first, second = nn.Linear(16, 64), nn.Linear(64, 64)
    nn.init.uniform_(first.weight, -2 / 16, 2 / 16)
    nn.init.uniform_(second.weight, -math.sqrt(6 / 64), math.sqrt(6 / 64))
    return nn.Sequential(first, Sine(), second, Sine(), nn.Linear(64, 1))


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sin()


def weighted(factor: float, reduction: str = "mean") -> Callable[[Tensor, Tensor], Tensor]:
    return lambda logits, target: factor * F.cross_entropy(logits, target, reduction=reduction)


KEYWORDS = replace(NESTED, name="nested, library", batch=keywords, loss_fn=None)
SUMMED = replace(NESTED, name="nested, summed loss", loss_fn=weighted(1.0, "sum"))
LARGE = replace(NESTED, name="nested, loss x30", loss_fn=weighted(30.0))
SMALL = replace(NESTED, name="nested, loss x0.05", loss_fn=weighted(0.05))

case = Family("mlp", NESTED)

CASES: tuple[Case, ...] = (
    case("plain", "wrapped", plain),
    case("weight_norm", "wrapped", lambda: plain(parametrizations.weight_norm)),
    case("spectral_norm", "wrapped", lambda: plain(parametrizations.spectral_norm)),
    case("orthogonal", "wrapped", lambda: plain(parametrizations.orthogonal)),
    case("summed_loss", "loss", plain, task=SUMMED),
    case("large_loss", "loss", plain, task=LARGE),
    case("small_loss", "loss", plain, task=SMALL),
    case("glu", "glu", lambda: GLU(0.0)),
    case("glu_gate_minus_3", "glu", lambda: GLU(-3.0)),
    case("glu_gate_minus_40", "glu", lambda: GLU(-40.0), "saturation", "gate", also="vanishing"),
    case("experts", "experts", Experts),
    case("experts_unrouted", "experts", lambda: Experts(20.0)),
    case("experts_dense", "experts", lambda: Experts(dense=True)),
    case("experts_copies", "experts", lambda: Experts(copies=True)),
    case("custom_function", "custom", lambda: Custom(right=True)),
    case("custom_function_zero", "custom", lambda: Custom(right=False), "vanishing", "fc1"),
    case("rms_norm_6", "rms norm", lambda: Normed(1.0)),
    case("rms_norm_6_small_gain", "rms norm", lambda: Normed(0.2)),
    case("rms_norm_6_no_gain", "rms norm", lambda: Normed(0.0), "collapse", "norms.0"),
    case("embedded_fields", "fields", Fields),
    case("unbalanced_2", "unbalanced", lambda: Unbalanced(2)),
    case("unbalanced_12", "unbalanced", lambda: Unbalanced(12)),
    case("fourier_features", "fourier", lambda: Fourier(0.15), task=REGRESSION),
    case("siren", "fourier", siren, task=REGRESSION),
    case("library", "library", Library, task=KEYWORDS),
    case(
        "in_place",
        "in place",
        lambda: squares(nn.ReLU(inplace=True), nn.ELU(inplace=True)),
        task=XOR,
    ),
    case("prelu_mish", "in place", lambda: squares(nn.PReLU(), nn.Mish()), task=XOR),
    case(
        "threshold_out_of_reach",
        "in place",
        lambda: squares(nn.Hardshrink(50.0), nn.Mish()),
        "dead_units",
        "0 1",
        XOR,
        "collapse",
    ),
    case(
        "softplus_8",
        "in place",
        lambda: nn.Sequential(
            nn.Linear(32, 32), nn.Softplus(), nn.Linear(32, 32), nn.Softplus(), nn.Linear(32, 10)
        ),
        task=CLUSTERS,
    ),
)
