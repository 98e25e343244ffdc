"""Noise predictors: time embeddings, U-Nets, zero-init outputs and conditioning by scale."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import DENOISING

WIDTH = 48


case = Family("diffusion", DENOISING)


class TimeEmbedding(nn.Module):
    """Sines and cosines of time; ``span`` divides the exponent as the paper does."""

    def __init__(self, size: int = 16, *, span: bool = True) -> None:
        super().__init__()
        exponent = torch.arange(size // 2) * math.log(10000.0)
        exponent = -exponent / (size // 2) if span else 2 * exponent
        self.register_buffer("frequencies", exponent.exp())

    def forward(self, times: Tensor) -> Tensor:
        angle = 1000 * times.unsqueeze(1) * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], dim=1)


class Residual(nn.Module):
    """A residual block that is shifted by the time."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, width), nn.Linear(width, width)
        self.time = nn.Linear(16, width)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return x + self.fc2(F.silu(self.fc1(F.silu(self.norm(x))) + self.time(t)))


class Denoiser(nn.Module):
    """Points and times to noise, by residual blocks."""

    def __init__(
        self,
        blocks: int = 2,
        *,
        span: bool = True,
        no_grad_time: bool = False,
        block: Callable[[], nn.Module] = Residual,
    ) -> None:
        super().__init__()
        self.embed = TimeEmbedding(span=span)
        self.time_mlp = nn.Sequential(nn.Linear(16, 16), nn.SiLU(), nn.Linear(16, 16))
        self.inputs = nn.Linear(8, WIDTH)
        self.blocks = nn.ModuleList([block() for _ in range(blocks)])
        self.out = nn.Linear(WIDTH, 8)
        self.no_grad_time = no_grad_time

    def forward(self, x: Tensor, times: Tensor) -> Tensor:
        t = self.time_mlp(self.embed(times))
        if self.no_grad_time:
            t = t.detach()
        h = self.inputs(x)
        for block in self.blocks:
            h = block(h, t)
        return self.out(h)


def zeroed(model: nn.Module, *parts: str) -> nn.Module:
    """The same model with everything in these parts at zero (zero_module)."""
    for part in parts:
        for parameter in model.get_submodule(part).parameters():
            nn.init.zeros_(parameter)
    return model


class AdaLn(nn.Module):
    """Shift, scale and gate from the time, zero to begin with; the gate closes the branch."""

    def __init__(self, *, skip: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH, elementwise_affine=False)
        self.modulation = nn.Linear(16, 3 * WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.skip = skip
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        shift, scale, gate = self.modulation(F.silu(t)).chunk(3, dim=1)
        y = gate * self.mlp(self.norm(x) * (1 + scale) + shift)
        return x + y if self.skip else y


class Film(nn.Module):
    """Multiplies by what the time says; without the one, nearly by zero."""

    def __init__(self, *, one: bool) -> None:
        super().__init__()
        self.linear, self.scale = nn.Linear(WIDTH, WIDTH), nn.Linear(16, WIDTH)
        nn.init.kaiming_normal_(self.linear.weight, nonlinearity="relu")
        nn.init.normal_(self.scale.weight, 0.0, 0.02)
        nn.init.zeros_(self.scale.bias)
        self.one = one

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        scale = self.scale(t)
        return F.relu(self.linear(x)) * (1 + scale if self.one else scale)


def film(depth: int, *, one: bool) -> nn.Module:
    return Denoiser(depth, block=lambda: Film(one=one))


CASES: tuple[Case, ...] = (
    case("residual", "residual", Denoiser),
    case("residual_zero_out", "residual", lambda: zeroed(Denoiser(), "out")),
    case(
        "residual_zero_branches",
        "residual",
        lambda: zeroed(Denoiser(3), "blocks.0.fc2", "blocks.1.fc2", "blocks.2.fc2", "out"),
    ),
    case(
        "residual_zero_branch_fc1_fc2",
        "residual",
        lambda: zeroed(Denoiser(2), "blocks.0.fc1", "blocks.0.fc2", "blocks.0.time"),
        "symmetry",
        "blocks.0",
        also="dead_units",
    ),
    case(
        "residual_zero_in_and_out",
        "residual",
        lambda: zeroed(Denoiser(0), "inputs", "out"),
        "symmetry",
        "inputs",
        also="collapse vanishing dead_units",
    ),
    case("time_detached", "time", lambda: Denoiser(no_grad_time=True), "disconnected", "time_mlp"),
    case("time_exponent_overflows", "time", lambda: Denoiser(span=False), "nonfinite", "embed"),
    case("adaln_zero", "adaln", lambda: Denoiser(3, block=lambda: AdaLn(skip=True))),
    case(
        "adaln_zero_no_skip",
        "adaln",
        lambda: Denoiser(8, block=lambda: AdaLn(skip=False)),
        "collapse",
        "blocks.0",
        also="vanishing",
    ),
    case("film_one_plus", "film", lambda: film(3, one=True)),
    case(
        "film_bare", "film", lambda: film(10, one=False), "vanishing", "blocks.0", also="collapse"
    ),
)
