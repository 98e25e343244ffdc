"""How a batch becomes a loss: every convention, every form of output, every dtype."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

from pytest_gradhealth import ProbeError, Report, diagnose, record
from pytest_gradhealth.recorder.statistics import norm
from tests.runtime.models import WIDTH, chain, labels, vectors

Pair = namedtuple("Pair", ["left", "right"])


@dataclass
class Output:
    logits: Tensor
    hidden: tuple[Tensor, ...]
    note: str = "kept"


class Wrapped(nn.Module):
    """Two heads on a stem; ``form`` makes the two outputs into what the model returns."""

    def __init__(self, form: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.stem = nn.Linear(WIDTH, WIDTH)
        self.left = nn.Linear(WIDTH, 4)
        self.right = nn.Linear(WIDTH, 2)
        self.form = form

    def forward(self, x: Tensor) -> Any:
        x = self.stem(x).relu()
        return self.form(self.left(x), self.right(x))


FORMS: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "tuple": lambda a, b: (a, b),
    "list": lambda a, b: [a, b],
    "namedtuple": Pair,
    "dict": lambda a, b: {"a": a, "b": b},
    "ordered dict": lambda a, b: OrderedDict(a=a, b=b),
    "dataclass": lambda a, b: Output(a, (b,)),
    "nested": lambda a, b: {"a": [{"deep": (a,)}], "b": ([b], None, "text", 3)},
    "with integers": lambda a, b: (a, a.argmax(dim=1), b),
    "distribution": lambda a, b: torch.distributions.Normal(a[:, :2], b.exp()),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_output_connects_every_parameter(form: str) -> None:
    report = record(Wrapped(FORMS[form]), vectors())
    assert report.loss_kind == "random cotangent"
    assert all(p.gradient_rms for p in report.parameters), form
    assert {layer.path for layer in report.layers} >= {"stem", "left", "right"}


def _kind(report: Report) -> str:
    return report.loss_kind


class Keywords(nn.Module):
    """Takes keywords only; returns its loss where it is given labels, as transformers do."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, 4)

    def forward(self, *, inputs: Tensor, targets: Tensor | None = None) -> Any:
        logits = self.fc(inputs)
        loss = None if targets is None else F.cross_entropy(logits, targets)
        return {"loss": loss, "logits": logits}


def test_mapping_calls_by_keyword_and_takes_the_outputs_own_loss() -> None:
    model, x, y = Keywords(), vectors(), labels()
    report = record(model, {"inputs": x, "targets": y})
    assert _kind(report) == "output.loss"
    assert report.loss == pytest.approx(float(F.cross_entropy(model.fc(x), y).detach()))
    assert _kind(record(model, {"inputs": x})) == "random cotangent"


def test_mapping_with_loss_fn_hands_on_the_whole_batch() -> None:
    model, x, y = Keywords(), vectors(), labels()
    report = record(
        model,
        {"inputs": x, "targets": y},
        lambda out, batch: F.cross_entropy(out["logits"], batch["targets"]) * 3,
    )
    assert _kind(report) == "loss_fn"
    assert report.loss == pytest.approx(3 * float(F.cross_entropy(model.fc(x), y).detach()))


class Attribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        logits = self.fc(x)
        return SimpleNamespace(loss=logits.square().mean().reshape(1), logits=logits)


def test_loss_attribute_of_one_element_is_taken() -> None:
    assert _kind(record(Attribute(), vectors())) == "output.loss"


@pytest.mark.parametrize("batch_type", [tuple, list])
def test_tuple_spreads_and_keeps_the_target_back(batch_type: type) -> None:
    bilinear, a, b = nn.Bilinear(4, 5, 3), torch.randn(6, 4), torch.randn(6, 5)
    assert _kind(record(bilinear, batch_type((a, b)))) == "random cotangent"
    target = torch.randn(6, 3)
    report = record(bilinear, batch_type((a, b, target)), F.mse_loss)
    assert report.loss == pytest.approx(float(F.mse_loss(bilinear(a, b), target).detach()))


def test_packed_sequence_is_one_argument() -> None:
    packed = pack_sequence([torch.randn(5, 8), torch.randn(3, 8)])
    report = record(nn.LSTM(8, 4), packed)
    assert report.layers[0].shape == (8, 4)
    assert all(p.gradient_rms for p in report.parameters)
    assert record(nn.LSTM(8, 4), packed, lambda out: out[1][0].sum()).loss_kind == "loss_fn"


def test_lone_tensor_goes_to_loss_fn_alone() -> None:
    model, x = chain(nn.ReLU, 1), vectors()
    report = record(model, x, lambda out: out.square().mean())
    assert report.loss == pytest.approx(float(model(x).detach().square().mean()))


def test_step_is_used_as_it_is() -> None:
    model, x = chain(nn.ReLU, 1), vectors()
    report = record(model, {"any": [x]}, step=lambda m, batch: m(batch["any"][0]).square().sum())
    assert _kind(report) == "step"
    assert report.loss == pytest.approx(float(model(x).detach().square().sum()), rel=1e-5)


def test_scalar_output_is_the_loss() -> None:
    class Energy(nn.Linear):
        def forward(self, x: Tensor) -> Any:
            return super().forward(x).square().mean()

    model, x = Energy(WIDTH, 3), vectors()
    report = record(model, x)
    assert _kind(report) == "scalar output"
    assert report.loss == pytest.approx(float(model(x).detach()))


def test_cotangent_depends_on_the_seed_alone() -> None:
    model, x = chain(nn.Tanh, 2), vectors()
    first = record(model, x, seed=7)
    torch.manual_seed(99)
    assert record(model, x, seed=7) == first
    assert record(model, x, seed=8).loss != first.loss


def test_complex_parameters_and_outputs() -> None:
    class Spectral(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(5, 5, dtype=torch.cfloat))

        def forward(self, x: Tensor) -> Any:
            return torch.fft.rfft(x) @ self.weight

    model = Spectral()
    report = record(model, torch.randn(3, 8))
    assert report.layers[0].dtype == "complex64"
    assert report.parameters[0].dtype == "complex64"
    assert report.parameters[0].gradient_rms
    expected = float(model.weight.detach().abs().square().mean().sqrt())
    assert report.parameters[0].value_rms == pytest.approx(expected, rel=1e-5)
    assert diagnose(model, torch.randn(3, 8)).healthy


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_measured_as_float32_would_be(dtype: torch.dtype) -> None:
    model, x = chain(nn.Tanh, 3), vectors()
    exact = record(model, x)
    other = record(model.to(dtype), x.to(dtype))
    assert {layer.dtype for layer in other.layers} == {str(dtype).removeprefix("torch.")}
    for left, right in zip(exact.layers, other.layers, strict=True):
        assert right.activation_rms == pytest.approx(left.activation_rms, rel=0.02)
        assert right.gradient_norm == pytest.approx(left.gradient_norm, rel=0.05)


def test_half_precision_norm_does_not_overflow_in_half() -> None:
    model = nn.Linear(64, 64).half()
    report = record(model, torch.full((64, 64), 300.0).half())
    assert 10 < report.layers[0].activation_rms < 1e4
    large = torch.full((10_000,), 6e4, dtype=torch.float16)
    assert float(norm(large)) == pytest.approx(6e6, rel=1e-3)


def test_sparse_embedding_gradient_is_measured_as_the_dense_one() -> None:
    sparsely, densely = nn.Embedding(20, 8, sparse=True), nn.Embedding(20, 8)
    densely.load_state_dict(sparsely.state_dict())
    ids = torch.tensor([1, 1, 3])
    sparse, dense = record(sparsely, ids), record(densely, ids)
    assert sparse.parameters[0].gradient_rms == pytest.approx(dense.parameters[0].gradient_rms)


def test_autocast_inside_step_shows_in_the_layers() -> None:
    def step(model: nn.Module, batch: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return F.cross_entropy(model(batch), labels())

    report = record(chain(nn.ReLU, 2), vectors(), step=step)
    assert {layer.dtype for layer in report.layers} == {"bfloat16"}
    assert {p.dtype for p in report.parameters} == {"float32"}
    assert all(p.gradient_rms for p in report.parameters)


def test_output_without_any_tensor_is_no_measurement() -> None:
    with pytest.raises(ProbeError, match=r"str without a floating point tensor.*loss_fn= or step="):
        record(Wrapped(lambda _a, _b: "text"), vectors())
