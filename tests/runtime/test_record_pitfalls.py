"""Where hooks are known to break: in-place operations, checkpointing, fast paths, compilation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize
from torch.utils.checkpoint import checkpoint

from pytest_gradhealth import Report, diagnose, record
from tests.runtime.models import (
    WIDTH,
    BasicBlock,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    shown,
    tokens,
    vectors,
)


def _same_numbers(left: Report, right: Report) -> None:
    assert left.loss == pytest.approx(right.loss, rel=1e-5)
    ours = {layer.name: layer for layer in left.layers}
    theirs = {layer.name: layer for layer in right.layers}
    assert ours.keys() == theirs.keys()
    for name, layer in ours.items():
        assert layer.gradient_norm == pytest.approx(theirs[name].gradient_norm, rel=1e-4), name
        assert layer.activation_rms == pytest.approx(theirs[name].activation_rms, rel=1e-4), name
    for mine, other in zip(left.parameters, right.parameters, strict=True):
        assert mine.names == other.names
        assert mine.gradient_rms == pytest.approx(other.gradient_rms, rel=1e-4), mine.name


@pytest.mark.parametrize("inplace", [nn.ReLU, nn.LeakyReLU, nn.SiLU, nn.ELU])
def test_in_place_activation_records_what_the_other_kind_does(inplace: Callable[..., Any]) -> None:
    plain = chain(inplace, 3, init=he)
    twin = chain(lambda: inplace(inplace=True), 3)
    twin.load_state_dict(plain.state_dict())
    x = vectors()
    _same_numbers(record(twin, x), record(plain, x))


class OutOfPlaceBlock(BasicBlock):
    def forward(self, x: Tensor) -> Any:
        out = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (out + x).relu()


def test_adding_the_shortcut_in_place_changes_no_parameters_gradient() -> None:
    plain, inplace = OutOfPlaceBlock(4), BasicBlock(4)
    inplace.load_state_dict(plain.state_dict())
    x = torch.randn(2, 4, 6, 6)
    left, right = record(inplace, x), record(plain, x)
    for mine, other in zip(left.parameters, right.parameters, strict=True):
        assert mine.gradient_rms == pytest.approx(other.gradient_rms, rel=1e-4)
    depths = {layer.name: layer.depth for layer in left.layers if layer.weighted}
    assert depths == {"conv1": 2, "conv2": 1}
    assert diagnose(SmallResNet(), images()).healthy


class Checkpointed(nn.Module):
    def __init__(self, *, reentrant: bool | None) -> None:
        super().__init__()
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.body = nn.ModuleList(chain(nn.Tanh, 1)[:2] for _ in range(3))
        self.head = nn.Linear(WIDTH, 4)
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x)
        for block in self.body:
            if self.reentrant is None:
                x = block(x)
            else:
                x = checkpoint(block, x, use_reentrant=self.reentrant)
        return self.head(x)


@pytest.mark.parametrize("reentrant", [False, True])
def test_activation_checkpointing_changes_no_number(reentrant: bool) -> None:
    plain, twin = Checkpointed(reentrant=None), Checkpointed(reentrant=reentrant)
    twin.load_state_dict(plain.state_dict())
    x = vectors()
    left, right = record(twin, x), record(plain, x)
    _same_numbers(left, right)
    assert all(layer.reached for layer in left.layers)
    assert [layer.name for layer in left.layers] == [layer.name for layer in right.layers]
    assert diagnose(twin, x).healthy


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_encoder_is_seen_in_both_modes(train: bool, dropout: float) -> None:
    model = Transformer(dropout=dropout).train(train)
    report = record(model, tokens())
    # In eval mode torch has a fast path that calls no submodule; it must not hide them.
    seen = {layer.path for layer in report.layers if layer.weighted}
    assert {"embed", "body.layers.0.linear1", "body.layers.1.linear2", "head"} <= seen
    assert all(p.gradient_rms is not None for p in report.parameters)
    # MultiheadAttention reads its output projection's weight without calling it.
    assert report.silent == tuple(f"body.layers.{i}.self_attn.out_proj" for i in range(2))
    assert diagnose(model, tokens()).healthy


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        return self.attention(x, x, x)


@pytest.mark.parametrize("train", [True, False])
def test_multihead_attention_alone(train: bool) -> None:
    diagnosis = diagnose(Attention().train(train), torch.randn(2, 5, 16))
    assert diagnosis.healthy
    assert diagnosis.verdicts["disconnected"] == "pass"


PARAMETRIZED: dict[str, Callable[[nn.Module], Any]] = {
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
}


@pytest.mark.parametrize("kind", PARAMETRIZED)
def test_parametrized_weights(kind: str) -> None:
    model = chain(nn.ReLU, 2)
    for index in (0, 2):
        PARAMETRIZED[kind](model[index])
    diagnosis = diagnose(model, vectors())
    assert diagnosis.healthy
    names = {p.name for p in diagnosis.report.parameters}
    assert any("parametrizations.weight" in name for name in names)
    assert all(p.gradient_rms is not None for p in diagnosis.report.parameters)
    assert parametrize.is_parametrized(model[0])


def test_a_parametrized_layer_is_a_layer() -> None:
    model = chain(nn.ReLU, 2)
    parametrizations.weight_norm(model[0])
    report = record(model, vectors())
    assert {layer.path for layer in report.layers if layer.weighted} >= {"0", "2", "4"}


class LowRank(nn.Module):
    """A parametrization with weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(2, WIDTH) / WIDTH)
        self.up = nn.Parameter(torch.randn(WIDTH, 2))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def test_what_computes_a_weight_is_no_layer_of_its_own() -> None:
    model = chain(nn.ReLU, 1)
    parametrize.register_parametrization(model[0], "weight", LowRank())
    report = record(model, vectors())
    assert [layer.path for layer in report.layers if layer.weighted] == ["0", "2"]
    assert [layer.depth for layer in report.layers if layer.weighted] == [2, 1]


def test_frozen_parts_are_listed_and_crossed() -> None:
    model = chain(nn.ReLU, 3)
    model[2].requires_grad_(False)
    report = record(model, vectors())
    assert report.frozen == ("2.weight", "2.bias")
    assert [p.owner for p in report.parameters] == ["0", "0", "4", "4", "6", "6"]
    assert all(p.gradient_rms for p in report.parameters)
    assert all(layer.reached for layer in report.layers)


def test_compiled_model_is_observed_like_the_eager_one() -> None:
    model, x = chain(nn.Tanh, 3), vectors()
    eager = record(model, x)
    assert record(torch.compile(model, backend="eager"), x) == eager  # type: ignore[arg-type]
    model.compile(backend="eager")
    model(x)
    assert record(model, x) == eager
    assert model._compiled_call_impl is not None


@pytest.mark.parametrize("warm", [False, True])
def test_compiled_submodule_is_observed(warm: bool) -> None:
    body, x = chain(nn.Tanh, 3), vectors()
    head = nn.Linear(4, 4)
    model = nn.Sequential()
    model.append(torch.compile(body, backend="eager"))  # type: ignore[arg-type]
    model.append(head)
    if warm:
        model(x)
    report = record(model, x)
    assert report.silent == ()
    assert sum(layer.weighted for layer in report.layers) == 5
    assert torch.equal(model(x), head(body(x)))


class Pooler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(WIDTH, WIDTH)
        self.pooler = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh())

    def forward(self, x: Tensor) -> Any:
        return self.body(x)


def test_module_never_called_is_silent() -> None:
    report = record(Pooler(), vectors())
    assert report.silent == ("pooler.0",)
    assert [p.owner_ran for p in report.parameters] == [True, True, False, False]
    assert [p.gradient_rms is None for p in report.parameters] == [False, False, True, True]


def test_calling_forward_directly_is_not_taken_for_unused() -> None:
    class Direct(Pooler):
        def forward(self, x: Tensor) -> Any:
            return self.body.forward(x)

    report = record(Direct(), vectors())
    assert "body" in report.silent
    assert report.parameters[0].gradient_rms


def test_the_users_own_hooks_run_and_keep_their_effect() -> None:
    model, x = chain(nn.Tanh, 2), vectors()
    plain = record(model, x)
    calls: list[str] = []
    model[0].register_forward_hook(lambda *_: calls.append("forward"))
    model[2].register_full_backward_hook(lambda *_: calls.append("backward"))
    model.get_parameter("0.weight").register_hook(  # type: ignore[no-untyped-call]
        lambda grad: grad * 2
    )
    hooked = record(model, x)
    assert sorted(calls) == ["backward", "forward"]
    assert hooked.parameters[0].gradient_rms == pytest.approx(
        2 * (plain.parameters[0].gradient_rms or 0), rel=1e-5
    )
    assert hooked.parameters[1] == plain.parameters[1]


def test_existing_gradients_are_not_mixed_in() -> None:
    model, x = chain(nn.Tanh, 2), vectors()
    plain = record(model, x)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e3)
    assert record(model, x) == plain


def test_under_no_grad_or_inference_mode_nothing_is_missed() -> None:
    model, x = chain(nn.Tanh, 2), vectors()
    plain = record(model, x)
    with torch.no_grad():
        assert record(model, x) == plain
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert record(model, x.clone()) == plain
        assert torch.is_inference_mode_enabled()


def test_batch_with_a_history_is_cut_from_it() -> None:
    encoder = nn.Linear(WIDTH, WIDTH)
    batch = encoder(vectors()).tanh()
    # A sick model takes many passes; each would run into the encoder.
    assert shown(diagnose(chain(nn.Sigmoid, 8), {"input": batch})) == {"vanishing"}
    assert encoder.weight.grad is None
    batch.sum().backward()
    assert encoder.weight.grad is not None
