"""A tensor's memory is where it was, and belongs to whom it did: twins may not disturb sharing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from pytest_gradhealth import diagnose, record
from tests.runtime.models import (
    WIDTH,
    Recurrent,
    SmallResNet,
    Transformer,
    chain,
    images,
    tokens,
    vectors,
)
from tests.runtime.traces import photograph


class MaxNorm(nn.Module):
    """Writes to its weight in every forward pass, as ``nn.Embedding(max_norm=)`` does."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, WIDTH, max_norm=1.0, scale_grad_by_freq=True)
        self.body = chain(nn.Sigmoid, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.embed(x))  # type: ignore[no-any-return]


def _spectral() -> nn.Module:
    model = chain(nn.Sigmoid, 8)
    parametrizations.spectral_norm(model[0])
    return model


ARCHITECTURES: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "mlp": (lambda: chain(nn.ReLU, 2), vectors),
    "sick mlp": (lambda: chain(nn.Sigmoid, 8), vectors),
    "sick mlp in float64": (lambda: chain(nn.Sigmoid, 8).double(), lambda: vectors().double()),
    "sick mlp in float16": (lambda: chain(nn.Sigmoid, 8).half(), lambda: vectors().half()),
    "batch norm": (lambda: chain(nn.ReLU, 2, norm=nn.BatchNorm1d), vectors),
    "resnet": (SmallResNet, images),
    "resnet, zero gamma": (lambda: SmallResNet(zero_gamma=True), images),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(3, 5, 8)),
    "gru": (lambda: Recurrent(nn.GRU), lambda: torch.randn(3, 5, 8)),
    "transformer": (Transformer, tokens),
    "max_norm embedding": (MaxNorm, tokens),
    "spectral norm": (_spectral, vectors),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("train", [True, False])
def test_no_trace_in_real_architectures(name: str, train: bool) -> None:
    make, batch = ARCHITECTURES[name]
    model, x = make().train(train), batch()
    before = photograph(model, x)
    record(model, x)
    assert photograph(model, x) == before
    diagnose(model, x)
    assert photograph(model, x) == before


@pytest.mark.parametrize("name", ["mlp", "sick mlp", "lstm", "max_norm embedding"])
def test_numpy_keeps_sharing_the_parameters_memory(name: str) -> None:
    make, batch = ARCHITECTURES[name]
    model, x = make(), batch()
    parameter = next(model.parameters())
    array = parameter.detach().numpy()
    values = array.copy()
    diagnose(model, x)
    assert np.array_equal(array, values)
    with torch.no_grad():
        parameter.add_(1)
    assert np.array_equal(array, parameter.detach().numpy())
    assert not np.array_equal(array, values)


def test_training_goes_on_in_the_same_memory() -> None:
    model, x = chain(nn.Sigmoid, 8), vectors()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    twin = chain(nn.Sigmoid, 8)
    twin.load_state_dict(model.state_dict())
    other = torch.optim.SGD(twin.parameters(), lr=0.1)
    diagnose(model, x)
    places = [p.data_ptr() for p in model.parameters()]
    for network, chosen in ((model, optimizer), (twin, other)):
        network(x).square().sum().backward()
        chosen.step()
    assert [p.data_ptr() for p in model.parameters()] == places
    for left, right in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(left, right)


def test_memory_handed_out_during_the_pass_does_not_become_the_models() -> None:
    kept: list[Tensor] = []

    def step(model: nn.Module, x: Tensor) -> Tensor:
        kept.append(model.get_parameter("0.weight").detach())
        return model(x).square().sum()  # type: ignore[no-any-return]

    model, x = chain(nn.ReLU, 2), vectors()
    weight = model.get_parameter("0.weight")
    place, values = weight.data_ptr(), weight.detach().clone()
    record(model, x, step=step)
    with torch.no_grad():
        weight.add_(1)
    assert weight.data_ptr() == place
    assert torch.equal(kept[0], values)


class Flat(nn.Module):
    """Two weights that are views of one buffer, as flattened parameters are."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = torch.randn(2 * WIDTH * WIDTH) / WIDTH**0.5
        halves = self.flat.view(2, WIDTH, WIDTH)
        self.first, self.second = nn.Parameter(halves[0]), nn.Parameter(halves[1])
        self.whole = True

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.flat.mul_(0.999)
        self.whole &= bool(self.flat[0] == self.first[0, 0])
        assert self.whole, "a view and its buffer have parted"
        return x @ self.first @ self.second


def test_views_of_one_buffer_stay_views_during_and_after() -> None:
    model, x = Flat(), vectors()
    before = photograph(model)
    diagnose(model, x)
    assert photograph(model) == before
    model.flat.zero_()
    assert not model.first.any()


def test_memory_that_cannot_be_cloned_lazily() -> None:
    array = np.random.default_rng(0).normal(size=(WIDTH, WIDTH)).astype(np.float32)
    model = chain(nn.Sigmoid, 8)
    model.get_parameter("0.weight").data = torch.from_numpy(array)
    model.get_parameter("2.weight").share_memory_()  # type: ignore[no-untyped-call]
    x = vectors()
    before = photograph(model)
    diagnose(model, x)
    assert photograph(model) == before
    assert np.shares_memory(array, model.get_parameter("0.weight").detach().numpy())


def test_a_graph_built_before_still_runs_backward_after() -> None:
    model, x = chain(nn.Sigmoid, 8), vectors()
    loss = model(x).square().sum()
    (expected,) = torch.autograd.grad(loss, [model.get_parameter("0.weight")], retain_graph=True)
    assert diagnose(model, x).symptoms
    loss.backward()
    grad = model.get_parameter("0.weight").grad
    assert grad is not None
    assert torch.equal(grad, expected)
