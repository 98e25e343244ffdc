"""Every number of a record against ``torch.autograd.grad`` on the same pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import record
from pytest_gradhealth.facts import Report
from pytest_gradhealth.recorder.batch import tensors_in
from tests.runtime.models import Gated, Recurrent, Transformer, chain, labels, tokens, vectors

Loss = Callable[[Tensor, Tensor], Tensor]


class AllOutputs(nn.Module):
    """Its loss reads all three outputs of an LSTM, so three gradients arrive at one module."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 4, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        out, (hidden, cell) = self.lstm(x)
        return out.mean(dim=1) + 2 * hidden[0].square() - 3 * cell[0].square()


def _cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 4),
    )


def _summed(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target, reduction="sum")


def _over_tokens(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.mean(dim=1), target)


# In-place activations are left to test_record_pitfalls: this oracle cannot see past them.
PROBLEMS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor], Loss]] = {
    "mlp": (lambda: chain(nn.Tanh, 3), vectors, F.cross_entropy),
    "mlp, summed loss": (lambda: chain(nn.Tanh, 3), vectors, _summed),
    "dropout": (lambda: chain(lambda: nn.Dropout(0.5), 3), vectors, F.cross_entropy),
    "batch norm": (lambda: chain(nn.ReLU, 3, norm=nn.BatchNorm1d), vectors, F.cross_entropy),
    "cnn": (_cnn, lambda: torch.randn(4, 3, 10, 10), F.cross_entropy),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(4, 5, 8), F.cross_entropy),
    "all outputs of an lstm": (AllOutputs, lambda: torch.randn(4, 5, 8), F.cross_entropy),
    "two gru layers": (
        lambda: Recurrent(nn.GRU, num_layers=2, dropout=0.2),
        lambda: torch.randn(4, 5, 8),
        F.cross_entropy,
    ),
    "residual": (lambda: Gated(4, 0.5), vectors, F.cross_entropy),
    "transformer": (Transformer, tokens, _over_tokens),
    "post-norm transformer": (lambda: Transformer(pre_norm=False), tokens, _over_tokens),
}


class Oracle:
    """The pass done by hand: outputs kept by forward hooks, gradients from ``autograd.grad``."""

    def __init__(self, model: nn.Module, x: Tensor, loss_fn: Loss, target: Tensor) -> None:
        outputs: dict[tuple[str, int], list[Tensor]] = {}
        counts: dict[str, int] = {}

        def keep(path: str) -> Callable[..., None]:
            def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
                index = counts.get(path, 0)
                counts[path] = index + 1
                outputs[path, index] = list(tensors_in(output))

            return hook

        handles = [m.register_forward_hook(keep(path)) for path, m in model.named_modules()]
        torch.manual_seed(0)
        loss = loss_fn(model(x), target)
        self.loss = float(loss.detach())
        for handle in handles:
            handle.remove()
        flat = [t for tensors in outputs.values() for t in tensors if t.requires_grad]
        parameters = dict(model.named_parameters())
        grads = torch.autograd.grad(loss, [*flat, *parameters.values()], allow_unused=True)
        by_tensor = {id(t): grad for t, grad in zip(flat, grads, strict=False)}
        self.outputs = outputs
        self.parameters = dict(zip(parameters, grads[len(flat) :], strict=True))
        self.gradients = {
            key: [g for t in tensors if (g := by_tensor.get(id(t))) is not None]
            for key, tensors in outputs.items()
        }


def _case(name: str) -> tuple[Report, Oracle, nn.Module]:
    make, batch, loss_fn = PROBLEMS[name]
    model, x = make(), batch()
    target = labels(len(x))
    report = record(model, (x, target), loss_fn)
    return report, Oracle(model, x, loss_fn, target), model


def _norm(tensors: list[Tensor]) -> float:
    return math.sqrt(sum(float(t.detach().double().square().sum()) for t in tensors))


@pytest.mark.parametrize("name", PROBLEMS)
def test_layers_match_autograd(name: str) -> None:
    report, oracle, _ = _case(name)
    assert report.loss == pytest.approx(oracle.loss, rel=1e-5)
    assert report.loss_kind == "loss_fn"
    for layer in report.layers:
        gradients = oracle.gradients[layer.path, layer.call]
        assert layer.reached == bool(gradients), layer.name
        assert layer.gradient_norm == pytest.approx(_norm(gradients), rel=1e-4), layer.name
        main = max(oracle.outputs[layer.path, layer.call], key=torch.numel)
        rms = float(main.detach().double().square().mean().sqrt())
        assert layer.activation_rms == pytest.approx(rms, rel=1e-4), layer.name
        assert layer.shape == tuple(main.shape)


@pytest.mark.parametrize("name", PROBLEMS)
def test_parameters_match_autograd(name: str) -> None:
    report, oracle, model = _case(name)
    assert [p.name for p in report.parameters] == [n for n, _ in model.named_parameters()]
    for parameter in report.parameters:
        gradient = oracle.parameters[parameter.name]
        assert gradient is not None
        rms = float(gradient.double().square().mean().sqrt())
        # A key bias's gradient is zero but for rounding, which no two runs need share.
        assert parameter.gradient_rms == pytest.approx(rms, rel=1e-4, abs=1e-8), parameter.name
        value = model.get_parameter(parameter.name).detach().double()
        assert parameter.value_rms == pytest.approx(float(value.square().mean().sqrt()), rel=1e-5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_weighted_module_that_ran_has_a_record(name: str) -> None:
    report, _, model = _case(name)
    # MultiheadAttention uses its output projection's weight without calling it.
    holders = {
        path
        for path, module in model.named_modules()
        if any(p.dim() > 1 for p in module.parameters(recurse=False)) and "out_proj" not in path
    }
    assert {layer.path for layer in report.layers if layer.weighted} == holders
    assert all("out_proj" in path for path in report.silent)


def test_norms_beyond_float32_are_exact() -> None:
    model = nn.Linear(4, 4, bias=False)
    report = record(model, torch.full((2, 4), 1e30), step=lambda m, x: m(x).sum() * 1e-30)
    # rms of the gradient: every entry is sum over the batch of x, times 1e-30, so 2.
    assert report.parameters[0].gradient_rms == pytest.approx(2.0, rel=1e-5)
    assert math.isfinite(report.layers[0].activation_rms)
    assert report.layers[0].activation_rms > 1e28


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_gradients_scale_with_the_loss_and_activations_do_not(scale: float) -> None:
    model, x, target = chain(nn.Tanh, 3), vectors(), labels()
    plain = record(model, (x, target), F.cross_entropy)
    scaled = record(model, (x, target), lambda out, y: scale * F.cross_entropy(out, y))
    for before, after in zip(plain.layers, scaled.layers, strict=True):
        assert before.gradient_norm is not None
        assert after.gradient_norm == pytest.approx(scale * before.gradient_norm, rel=1e-4)
        assert after.activation_rms == before.activation_rms
