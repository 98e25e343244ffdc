"""Modules that multiply with matrices of their own: each use is a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import diagnose, record
from pytest_gradhealth.recorder.uses import own_matrices
from tests.runtime.models import WIDTH, labels, vectors


class Bare(nn.Module):
    """A stack in one forward."""

    def __init__(self, depth: int, activation: Callable[[Tensor], Tensor], std: float) -> None:
        super().__init__()
        self.stack = nn.ParameterList(std * torch.randn(WIDTH, WIDTH) for _ in range(depth))
        self.last = nn.Parameter(0.1 * torch.randn(4, WIDTH))
        self.activation = activation

    def forward(self, x: Tensor) -> Any:
        for weight in self.stack:
            x = self.activation(x @ weight)
        return F.linear(x, self.last)


class Layered(nn.Module):
    """The same out of layers."""

    def __init__(self, bare: Bare) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in bare.stack)
        self.last = nn.Linear(WIDTH, 4, bias=False)
        with torch.no_grad():
            for layer, weight in zip(self.layers, bare.stack, strict=True):
                layer.get_parameter("weight").copy_(weight.T)
            self.last.weight.copy_(bare.last)
        self.activation = bare.activation

    def forward(self, x: Tensor) -> Any:
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.last(x)


def test_each_use_is_a_layer_with_its_own_numbers() -> None:
    bare = Bare(6, torch.tanh, WIDTH**-0.5)
    x = vectors()
    found = [r for r in record(bare, x, seed=1).layers if r.weighted]
    expected = [r for r in record(Layered(bare), x, seed=1).layers if r.weighted]
    assert [r.path for r in found] == [*(f"stack.{i}" for i in range(6)), "last"]
    assert [r.kind for r in found] == [*["matmul"] * 6, "linear"]
    for own, layer in zip(found, expected, strict=True):
        assert own.depth == layer.depth
        assert own.activation_rms == pytest.approx(layer.activation_rms, rel=1e-5)
        assert own.gradient_norm == pytest.approx(layer.gradient_norm, rel=1e-5)


CASES: dict[str, tuple[Callable[[], Bare], set[str]]] = {
    "sigmoid x12": (lambda: Bare(12, torch.sigmoid, WIDTH**-0.5), {"vanishing", "collapse"}),
    "relu x12, He": (lambda: Bare(12, torch.relu, (2 / WIDTH) ** 0.5), set()),
    "relu x10, N(0, 1)": (lambda: Bare(10, torch.relu, 1.0), {"exploding"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bare_stack_is_judged_as_one_of_layers(name: str) -> None:
    make, symptoms = CASES[name]
    torch.manual_seed(0)
    bare = make()
    for model in (bare, Layered(bare)):
        diagnosis = diagnose(model, (vectors(), labels()), F.cross_entropy)
        assert diagnosis.symptoms == symptoms, diagnosis.reasons


def test_the_finding_names_the_matrix() -> None:
    diagnosis = diagnose(CASES["sigmoid x12"][0](), (vectors(), labels()), F.cross_entropy)
    finding = next(f for f in diagnosis.findings if f.symptom == "vanishing")
    assert finding.where == "stack.0"
    assert dict(finding.observations)["Worst"].startswith("stack.0 (32, 32) float32")


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, 8, WIDTH))
        self.scale = nn.Parameter(torch.ones(WIDTH))
        self.mix = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2)
        self.rnn = nn.GRU(WIDTH, WIDTH)


class Alone(nn.Module):
    """A layer of its author's own: one matrix, no children."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))


def test_what_is_watched() -> None:
    assert [own.name for own in own_matrices(dict(Mixed().named_modules())).values()] == ["mix"]
    stack = nn.Sequential(Alone(), nn.Linear(WIDTH, 4))
    assert own_matrices(dict(stack.named_modules())) == {}


class Views(nn.Module):
    """One block of memory, used transposed, sliced and reshaped."""

    def __init__(self) -> None:
        super().__init__()
        self.bank = nn.Parameter(0.2 * torch.randn(3, WIDTH, WIDTH))
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        x = torch.relu(x @ self.bank[0].T)
        x = torch.relu(torch.einsum("bi,io->bo", x, self.bank[1]))
        return self.head(torch.mm(x, self.bank[2].reshape(WIDTH, WIDTH)))


def test_a_view_of_a_matrix_is_that_matrix() -> None:
    layers = [r for r in record(Views(), vectors()).layers if r.weighted]
    assert [(r.path, r.call, r.kind) for r in layers[:3]] == [
        ("bank", 0, "matmul"),
        ("bank", 1, "einsum"),
        ("bank", 2, "mm"),
    ]
