"""Vanishing: sick chains are accused, near misses are not, whatever the scale of loss or layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_no_vanishing, diagnose
from pytest_gradhealth.errors import GradientHealthError
from tests.runtime.models import (
    WIDTH,
    Gated,
    Recurrent,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    labels,
    shown,
    tokens,
    vectors,
    xavier,
)

Case = tuple[Callable[[], nn.Module], Callable[[], Tensor]]


def _small(weight: Tensor) -> None:
    nn.init.normal_(weight, std=0.01)


def _zero_head(model: nn.Sequential) -> nn.Sequential:
    nn.init.zeros_(model[-1].get_parameter("weight"))
    return model


class Positions(nn.Module):
    """Attention blocks whose position bias a small network makes, each behind a LayerScale."""

    def __init__(self, depth: int = 4, width: int = 16, activation: Any = nn.ReLU) -> None:
        super().__init__()
        self.stem = nn.Linear(8, width)
        self.qkv = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(depth))
        self.bias = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2, 64),
                activation(),
                nn.Linear(64, 64),
                activation(),
                nn.Linear(64, 1),
                nn.Flatten(0),
            )
            for _ in range(depth)
        )
        self.projection = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.scale = nn.ParameterList(torch.full((width,), 1e-6) for _ in range(depth))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        length = x.shape[1]
        places = torch.cartesian_prod(torch.arange(length), torch.arange(length)).float()
        for qkv, bias, projection, scale in zip(
            self.qkv, self.bias, self.projection, self.scale, strict=True
        ):
            q, k, v = qkv(x).chunk(3, dim=-1)
            scores = q @ k.transpose(1, 2) / 4 + bias(places / length).view(length, length)
            x = x + scale * projection(scores.softmax(dim=-1) @ v)
        return self.head(x.mean(dim=1))


SICK: dict[str, Case] = {
    "sigmoid x6": (lambda: chain(nn.Sigmoid, 6), vectors),
    "sigmoid x12, wide": (lambda: chain(nn.Sigmoid, 12, width=64), lambda: vectors(width=64)),
    "sigmoid x8, xavier": (lambda: chain(nn.Sigmoid, 8, init=xavier), vectors),
    "relu x20, default init": (lambda: chain(nn.ReLU, 20), vectors),
    "gelu x16, default init": (lambda: chain(nn.GELU, 16), vectors),
    "tanh x8, std 0.01": (lambda: chain(nn.Tanh, 8, init=_small), vectors),
    "relu x6, std 0.01": (lambda: chain(nn.ReLU, 6, init=_small), vectors),
    "tanh x30, default init": (lambda: chain(nn.Tanh, 30), vectors),
    "sigmoid cnn x10": (
        lambda: nn.Sequential(
            *(m for _ in range(10) for m in (nn.LazyConv2d(6, 3, padding=1), nn.Sigmoid())),
            nn.Flatten(),
            nn.LazyLinear(4),
        ),
        images,
    ),
}

HEALTHY: dict[str, Case] = {
    "sigmoid x2": (lambda: chain(nn.Sigmoid, 2), vectors),
    "sigmoid x3": (lambda: chain(nn.Sigmoid, 3), vectors),
    "tanh x6, default init": (lambda: chain(nn.Tanh, 6), vectors),
    "relu x5, default init": (lambda: chain(nn.ReLU, 5), vectors),
    "relu x30, He": (lambda: chain(nn.ReLU, 30, init=he), vectors),
    "tanh x20, Xavier": (lambda: chain(nn.Tanh, 20, init=xavier), vectors),
    "relu x30, batch norm": (lambda: chain(nn.ReLU, 30, norm=nn.BatchNorm1d), vectors),
    "relu x30, layer norm": (lambda: chain(nn.ReLU, 30, norm=nn.LayerNorm), vectors),
    "residual x30": (lambda: Gated(30, 1.0), vectors),
    "ReZero x20": (lambda: Gated(20, 0.0), vectors),
    "ReZero x20, zero head": (lambda: Gated(20, 0.0, zero_head=True), vectors),
    "LayerScale 1e-6 x20": (lambda: Gated(20, 1e-6), vectors),
    "LayerScale 1e-6 x20, zero head": (lambda: Gated(20, 1e-6, zero_head=True), vectors),
    "zero head": (lambda: _zero_head(chain(nn.ReLU, 3, init=he)), vectors),
    "resnet": (SmallResNet, images),
    "resnet, zero gamma": (lambda: SmallResNet(6, zero_gamma=True), images),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(4, 8, 8)),
    "gru, two layers": (
        lambda: Recurrent(nn.GRU, num_layers=2),
        lambda: torch.randn(4, 8, 8),
    ),
    "pre-norm transformer": (lambda: Transformer(4), tokens),
    "post-norm transformer": (lambda: Transformer(4, pre_norm=False), tokens),
    "positions made by a network": (Positions, lambda: torch.randn(4, 12, 8)),
    "a single layer": (lambda: nn.Linear(WIDTH, 4), vectors),
}


def _mean_square(output: Tensor) -> Tensor:
    return output.square().mean()


def _built(case: Case) -> tuple[nn.Module, Tensor]:
    make, batch = case
    model, x = make(), batch()
    with torch.no_grad():
        model(x)  # lazy layers take their shape
    return model, x


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name", SICK)
def test_sick_chains_are_accused(name: str) -> None:
    model, x = _built(SICK[name])
    diagnosis = diagnose(model, x)
    assert shown(diagnosis) == {"vanishing"}, diagnosis.reasons
    finding = diagnosis.findings[0]
    assert finding.where == "0"
    assert 0 <= finding.measured < finding.limit == Limits().vanishing_share
    assert finding.rows[0].failing
    assert not finding.rows[-1].failing
    with pytest.raises(GradientHealthError, match=r"^vanishing: "):
        assert_no_vanishing(model, x)


@pytest.mark.parametrize("name", HEALTHY)
def test_near_misses_are_not(name: str) -> None:
    model, x = _built(HEALTHY[name])
    for loss_fn in (None, _mean_square):
        diagnosis = diagnose(model, x, loss_fn)
        assert diagnosis.healthy, diagnosis.reasons
        assert diagnosis.verdicts["vanishing"] in {"pass", "expected"}


def test_zero_initialised_branches_are_expected_with_the_reason() -> None:
    diagnosis = diagnose(_zero_head(chain(nn.ReLU, 3, init=he)), vectors())
    assert diagnosis.verdicts["vanishing"] == "expected"
    assert "rises to" in diagnosis.reasons["vanishing"][0]
    assert "zero" in diagnosis.reasons["vanishing"][0]


class UnluckyAtFirst(nn.Module):
    """Its first layer is all but cut off with seed 0, and with no other."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        scale = 1e-9 if torch.initial_seed() == 0 else 1.0
        return self.second(scale * self.first(x))


def test_one_unlucky_seed_accuses_nobody() -> None:
    diagnosis = diagnose(UnluckyAtFirst(), vectors(), seed=0)
    assert diagnosis.verdicts["vanishing"] == "pass"
    assert "under the limit with one seed only" in diagnosis.reasons["vanishing"][-1]
    assert diagnosis.passes == 1 + Limits().confirmation_seeds


class LoRA(nn.Module):
    """A frozen linear layer with a trainable low-rank update whose second factor starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.down = nn.Linear(WIDTH, 2, bias=False)
        self.up = nn.Linear(2, WIDTH, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Any:
        return self.base(x) + self.up(self.down(x))


def test_lora_with_a_zero_factor_is_healthy() -> None:
    model = nn.Sequential(*(m for _ in range(3) for m in (LoRA(), nn.GELU())), nn.Linear(WIDTH, 4))
    diagnosis = diagnose(model, (vectors(), labels()), F.cross_entropy)
    assert diagnosis.healthy, diagnosis.reasons


VERDICTS: dict[str, tuple[Callable[[], nn.Module], set[str]]] = {
    "sigmoid x8": (lambda: chain(nn.Sigmoid, 8), {"vanishing"}),
    "relu x20": (lambda: chain(nn.ReLU, 20), {"vanishing"}),
    "relu x5": (lambda: chain(nn.ReLU, 5), set()),
    "residual": (lambda: Gated(8, 1.0), set()),
    "zero head": (lambda: _zero_head(chain(nn.ReLU, 3, init=he)), set()),
}


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("name", VERDICTS)
def test_the_losss_scale_changes_no_verdict(name: str, scale: float) -> None:
    make, symptoms = VERDICTS[name]
    diagnosis = diagnose(
        make(), (vectors(), labels()), lambda out, y: scale * F.cross_entropy(out, y)
    )
    assert shown(diagnosis) == symptoms, diagnosis.reasons


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", VERDICTS)
def test_the_dtype_changes_no_verdict(name: str, dtype: torch.dtype) -> None:
    make, symptoms = VERDICTS[name]
    diagnosis = diagnose(make().to(dtype), vectors().to(dtype))
    # What fades far enough leaves float16's range as well.
    lost = {"underflow"} if dtype is torch.float16 and symptoms else set()
    assert shown(diagnosis) - lost == symptoms, diagnosis.reasons


@pytest.mark.parametrize("rows", [1, 2, 256])
@pytest.mark.parametrize("name", VERDICTS)
def test_the_batch_size_changes_no_verdict(name: str, rows: int) -> None:
    make, symptoms = VERDICTS[name]
    assert shown(diagnose(make(), vectors(rows))) == symptoms


def _split(model: nn.Sequential, factor: float) -> nn.Sequential:
    """The same function of a ReLU chain with its scale split unevenly between two layers."""
    with torch.no_grad():
        first, second = model[0], model[2]
        for parameter in first.parameters():
            parameter.mul_(factor)
        second.get_parameter("weight").div_(factor)
    return model


@pytest.mark.parametrize("factor", [0.01, 100.0])
@pytest.mark.parametrize(("depth", "init", "symptoms"), [(4, he, set()), (20, None, {"vanishing"})])
def test_a_scale_split_unevenly_changes_no_verdict(
    depth: int, init: Any, symptoms: set[str], factor: float
) -> None:
    model = _split(chain(nn.ReLU, depth, init=init), factor)
    diagnosis = diagnose(model, (vectors(), labels()), F.cross_entropy)
    assert shown(diagnosis) == symptoms, diagnosis.reasons


class Towers(nn.Module):
    """Two ways in that meet at the head."""

    def __init__(self, left: nn.Module, right: nn.Module) -> None:
        super().__init__()
        self.left, self.right = left, right
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Any:
        return self.head(torch.cat([self.left(x), self.right(x)], dim=1))


def test_one_fading_tower_of_two_is_accused() -> None:
    healthy = chain(nn.ReLU, 8, init=he)
    finding = diagnose(Towers(healthy, chain(nn.Sigmoid, 8)), vectors()).findings[0]
    assert (finding.symptom, finding.where) == ("vanishing", "right.0")
    shorter = diagnose(Towers(healthy, chain(nn.Sigmoid, 6)), vectors())
    assert [finding.where for finding in shorter.findings] == ["right.0"]
    assert diagnose(Towers(healthy, chain(nn.ReLU, 8, init=he)), vectors()).healthy
    assert diagnose(Towers(healthy, nn.Linear(WIDTH, 4)), vectors()).healthy
    assert diagnose(Towers(healthy, Gated(8, 1e-6)), vectors()).healthy


def test_where_names_the_layer_at_the_start_of_the_fade() -> None:
    model = nn.ModuleDict({"encoder": chain(nn.Sigmoid, 8), "head": nn.Linear(4, 2)})
    diagnosis = diagnose(model, vectors(), step=lambda m, x: m["head"](m["encoder"](x)).sum())
    finding = diagnosis.findings[0]
    assert finding.where == "encoder.0"
    assert [row.name for row in finding.rows][-1] == "head"


def test_the_limit_decides() -> None:
    model, x = chain(nn.Sigmoid, 6), vectors()
    accepted = diagnose(model, x, checks=["vanishing"], limits=Limits(vanishing_share=0.0))
    assert accepted.healthy
    stricter = diagnose(chain(nn.Tanh, 6), x, limits=Limits(vanishing_share=0.9))
    assert shown(stricter) == {"vanishing"}
