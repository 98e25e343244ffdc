"""Depth, trunk, call index and names: the shape of the graph as a record tells it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import record
from pytest_gradhealth.facts import LayerRecord, Report
from tests.runtime.models import WIDTH, chain, vectors


def _depths(report: Report) -> dict[str, int | None]:
    return {layer.name: layer.depth for layer in report.layers if layer.weighted}


def _route(report: Report, name: str) -> list[str]:
    start = next(i for i, layer in enumerate(report.layers) if layer.name == name)
    return [layer.name for layer in report.route(start)]


def _layer(report: Report, name: str) -> LayerRecord:
    return next(layer for layer in report.layers if layer.name == name)


def test_chain_counts_down_to_the_loss_and_is_all_trunk() -> None:
    report = record(chain(nn.ReLU, 3), vectors())
    assert _depths(report) == {"0": 4, "2": 3, "4": 2, "6": 1}
    assert _route(report, "0") == ["0", "1", "2", "3", "4", "5", "6"]
    # An activation counts the weighted layers after it, not itself.
    assert _layer(report, "1").depth == 3


class Residual(nn.Module):
    def __init__(self, *, skip_first: bool) -> None:
        super().__init__()
        self.skip_first = skip_first
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.outer = nn.Linear(WIDTH, WIDTH)
        self.join = nn.Identity()
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        branch = self.outer(self.inner(x).relu())
        return self.head(self.join(x + branch if self.skip_first else branch + x))


@pytest.mark.parametrize("skip_first", [True, False])
def test_residual_branch_is_deep_but_off_the_trunk(skip_first: bool) -> None:
    report = record(Residual(skip_first=skip_first), vectors())
    assert _depths(report) == {"stem": 4, "inner": 3, "outer": 2, "head": 1}
    assert _route(report, "stem") == ["stem", "join", "head"]
    # From inside the branch there is only one way on.
    assert _route(report, "inner") == ["inner", "outer", "join", "head"]


class Parallel(nn.Module):
    """A deep branch beside one without weights that is no shorter in operations."""

    def __init__(self, *, deep_first: bool) -> None:
        super().__init__()
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.deep = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH))
        self.deep_first = deep_first

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        if self.deep_first:
            return self.deep(x.sin()) + x.tanh().sin().cos().sin()
        return x.tanh().sin().cos().sin() + self.deep(x.sin())


@pytest.mark.parametrize("deep_first", [True, False])
def test_depth_is_that_of_the_longest_way(deep_first: bool) -> None:
    report = record(Parallel(deep_first=deep_first), vectors())
    assert _depths(report) == {"stem": 3, "deep.0": 2, "deep.1": 1}
    assert _route(report, "stem") == ["stem", "(the model itself)"]


class TwoTowers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(WIDTH, 8)
        self.right = nn.Sequential(nn.Linear(WIDTH, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x: Tensor) -> Any:
        return (self.left(x) * self.right(x)).sum(dim=1)


def test_towers_have_depths_of_their_own() -> None:
    report = record(TwoTowers(), vectors())
    assert _depths(report) == {"left": 1, "right.0": 2, "right.2": 1}
    assert _route(report, "left") == ["left", "(the model itself)"]
    assert _route(report, "right.0") == ["right.0", "right.1", "right.2", "(the model itself)"]


class UNet(nn.Module):
    def __init__(self, *, skip_first: bool) -> None:
        super().__init__()
        self.skip_first = skip_first
        self.down1 = nn.Conv1d(1, 4, 3, padding=1)
        self.down2 = nn.Conv1d(4, 4, 3, padding=1, stride=2)
        self.bottom = nn.Conv1d(4, 4, 3, padding=1)
        self.up = nn.ConvTranspose1d(4, 4, 2, stride=2)
        self.out = nn.Conv1d(8, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Any:
        skip = self.down1(x).relu()
        x = self.up(self.bottom(self.down2(skip).relu()).relu())
        return self.out(torch.cat([skip, x] if self.skip_first else [x, skip], dim=1))


@pytest.mark.parametrize("skip_first", [True, False])
def test_skip_connection_takes_the_bottom_off_the_trunk(skip_first: bool) -> None:
    report = record(UNet(skip_first=skip_first), torch.randn(2, 1, 8))
    assert _depths(report) == {"down1": 5, "down2": 4, "bottom": 3, "up": 2, "out": 1}
    assert _route(report, "down1") == ["down1", "out"]
    assert _route(report, "down2") == ["down2", "bottom", "up", "out"]


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.shared(self.shared(x).tanh()))


def test_shared_module_has_one_record_a_call() -> None:
    model = Twice()
    report = record(model, vectors())
    assert _depths(report) == {"shared": 3, "shared (call 2)": 2, "head": 1}
    assert [layer.call for layer in report.layers if layer.path == "shared"] == [0, 1]
    first, second = _layer(report, "shared"), _layer(report, "shared (call 2)")
    assert first.gradient_norm != second.gradient_norm
    assert first.activation_rms != second.activation_rms


def test_module_under_two_names_is_recorded_once() -> None:
    shared = nn.Linear(WIDTH, WIDTH)
    report = record(nn.Sequential(shared, nn.Tanh(), shared), vectors())
    assert [layer.name for layer in report.layers] == ["0", "1", "0 (call 2)"]
    assert [p.names for p in report.parameters] == [
        ("0.weight", "2.weight"),
        ("0.bias", "2.bias"),
    ]


class TiedHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x: Tensor) -> Any:
        return self.head(self.embed(x))


def test_tied_weight_is_one_parameter_with_all_its_names() -> None:
    report = record(TiedHead(), torch.arange(6))
    (parameter,) = report.parameters
    assert parameter.names == ("embed.weight", "head.weight")
    assert parameter.owner == "embed"
    assert _depths(report) == {"embed": 2, "head": 1}


class Unread(nn.Module):
    """One output the loss ignores, one that carries no gradient, one it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.ignored = nn.Linear(WIDTH, 4)
        self.frozen = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.read = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        self.ignored(x)
        return self.read(self.frozen(x))


def test_what_the_loss_does_not_reach_says_so() -> None:
    report = record(Unread(), vectors())
    ignored, frozen, read = (_layer(report, name) for name in ("ignored", "frozen", "read"))
    assert (ignored.reached, ignored.differentiable, ignored.depth) == (False, True, None)
    assert ignored.gradient_norm is None
    assert (frozen.reached, frozen.differentiable, frozen.weighted) == (False, False, True)
    assert (read.reached, read.depth, read.trunk) == (True, 1, None)
    assert set(report.frozen) == {"frozen.weight", "frozen.bias"}
