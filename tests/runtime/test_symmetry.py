"""Symmetry: equal units with equal gradients are accused; equal values alone are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Diagnosis
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
    tokens,
    vectors,
    xavier,
)

Make = Callable[[], nn.Module]

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor, **options: Any) -> Diagnosis:
    options.setdefault("limits", QUICK)
    return diagnose(model, (x, labels(len(x))), F.cross_entropy, checks=["symmetry"], **options)


def constant(model: nn.Module, value: float, *names: str) -> nn.Module:
    """The model with these parameters filled with one number."""
    for name in names:
        nn.init.constant_(model.get_parameter(name), value)
    return model


def _conv() -> nn.Sequential:
    convolutions = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU()
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(288, 4))


def _whole(model: nn.Module, value: float) -> nn.Module:
    return constant(model, value, *(name for name, _ in model.named_parameters()))


def _lstm(value: float, layers: int) -> nn.Module:
    model = Recurrent(nn.LSTM, num_layers=layers)
    names = [name for name, _ in model.named_parameters() if name.startswith("rnn")]
    return constant(model, value, *names)


def sequences() -> Tensor:
    return torch.randn(16, 5, 8)


SICK: dict[str, tuple[Make, Callable[[], Tensor], str]] = {
    "all ones": (lambda: _whole(chain(nn.Tanh, 2), 1.0), vectors, "0"),
    "all a half": (lambda: _whole(chain(nn.Tanh, 2), 0.5), vectors, "0"),
    "all a hundredth, relu": (lambda: _whole(chain(nn.ReLU, 2), 0.01), vectors, "0"),
    "the first two weights": (
        lambda: constant(chain(nn.Tanh, 2), 0.1, "0.weight", "0.bias", "2.weight", "2.bias"),
        vectors,
        "0",
    ),
    "convolutions": (lambda: _whole(_conv(), 0.05), images, "0"),
    "lstm, two layers": (lambda: _lstm(0.2, 2), sequences, "rnn"),
    "lstm and head": (lambda: _whole(Recurrent(nn.LSTM), 0.2), sequences, "rnn"),
}


@pytest.mark.parametrize("name", SICK)
def test_constant_weights_are_accused(name: str) -> None:
    make, batch, where = SICK[name]
    (finding,) = judged(make(), batch()).findings
    assert (finding.symptom, finding.where) == ("symmetry", where)
    assert finding.measured == 1.0 > finding.limit == Limits().tied_share


def _half_copied(rows: int) -> nn.Module:
    """A hidden layer in which ``rows`` units are copies of others, in and out."""
    model = chain(nn.Tanh, 2, init=xavier)
    inner, outer = model[2].get_parameter("weight"), model[4].get_parameter("weight")
    with torch.no_grad():
        inner[:rows] = inner[rows : 2 * rows]
        outer[:, :rows] = outer[:, rows : 2 * rows]
    return model


@pytest.mark.parametrize(("rows", "share"), [(0, None), (1, None), (4, None), (8, 0.5), (16, 1.0)])
def test_copied_rows_count_with_their_originals(rows: int, share: float | None) -> None:
    diagnosis = judged(_half_copied(rows), vectors())
    assert [f.measured for f in diagnosis.findings] == ([] if share is None else [share])
    assert [f.where for f in diagnosis.findings] == ([] if share is None else ["2"])


class LoRA(nn.Module):
    """A frozen layer with a trainable low-rank update whose second factor starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.down = nn.Linear(WIDTH, 2, bias=False)
        self.up = nn.Linear(2, WIDTH, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Any:
        return self.base(x) + self.up(self.down(x))


class Embedded(nn.Module):
    """Token embeddings of one value in a classifier: the tokens tell the rows apart."""

    def __init__(self, vocabulary: int = 20, value: float | None = None) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 16)
        if value is not None:
            nn.init.constant_(self.embed.weight, value)
        self.hidden, self.head = nn.Linear(16, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.hidden(self.embed(x).mean(1)).relu())


class Scaled(nn.Module):
    """Convolutions whose outputs are scaled by gains of shape (channels, 1, 1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 4)
        self.gain = nn.Parameter(torch.ones(8, 1, 1, 1))

    def forward(self, x: Tensor) -> Any:
        x = F.conv2d(x, self.gain * self.conv.weight, self.conv.bias)
        return self.head(x.relu().mean(dim=(2, 3)))


def _zero_head(model: nn.Sequential) -> nn.Module:
    return constant(model, 0.0, f"{len(model) - 1}.weight", f"{len(model) - 1}.bias")


NEAR_MISSES: dict[str, tuple[Make, Callable[[], Tensor]]] = {
    "random weights": (lambda: chain(nn.ReLU, 4, init=he), vectors),
    "random weights, constant biases": (
        lambda: constant(chain(nn.ReLU, 2), 0.1, "0.bias", "2.bias"),
        vectors,
    ),
    "a head of zeros": (lambda: _zero_head(chain(nn.ReLU, 3, init=he)), vectors),
    "a head of ones": (lambda: constant(chain(nn.ReLU, 3, init=he), 1.0, "6.weight"), vectors),
    "LoRA": (lambda: nn.Sequential(LoRA(), nn.GELU(), LoRA(), nn.Linear(WIDTH, 4)), vectors),
    "constant embeddings": (lambda: Embedded(value=0.1), tokens),
    "an unused vocabulary": (lambda: Embedded(vocabulary=500), tokens),
    "an unused vocabulary of zeros": (lambda: Embedded(vocabulary=500, value=0.0), tokens),
    "gains of shape (C, 1, 1, 1)": (Scaled, images),
    "LayerScale": (lambda: Gated(4, 1e-6), vectors),
    "zero gates": (lambda: Gated(4, 0.0), vectors),
    "resnet, zero gamma": (lambda: SmallResNet(zero_gamma=True), images),
    "lstm": (lambda: Recurrent(nn.LSTM), sequences),
    "constant lstm, one layer": (lambda: _lstm(0.2, 1), sequences),  # told apart by the head
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_not_accused(name: str) -> None:
    make, batch = NEAR_MISSES[name]
    diagnosis = judged(make(), batch())
    assert diagnosis.verdicts["symmetry"] in {"pass", "expected"}, diagnosis.findings


def test_cloned_encoder_layers_are_not_accused() -> None:
    """TransformerEncoder deep-copies one layer: equal values at different depths."""
    diagnosis = diagnose(Transformer(4, dropout=0.0), tokens(), checks=["symmetry"])
    assert diagnosis.verdicts == {"symmetry": "pass"}


@pytest.mark.parametrize(("rate", "healthy"), [(0.5, True), (0.0, False)])
def test_dropout_tells_units_apart(rate: float, healthy: bool) -> None:
    layers = [nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Dropout(rate), nn.Linear(WIDTH, 4)]
    model = constant(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Tanh(), *layers), 0.1, "2.weight")
    constant(model, 0.1, "2.bias", "5.weight")
    assert judged(model, vectors()).healthy is healthy


def test_the_first_column_alone_accuses_nobody() -> None:
    model = chain(nn.ReLU, 2, init=he)
    with torch.no_grad():
        model[0].get_parameter("weight")[:, 0] = 0.5
    x = vectors()
    x[:, 0] = 0.0  # so that its gradient is equal as well
    diagnosis = judged(model, x)
    assert diagnosis.verdicts == {"symmetry": "pass"}
    assert diagnosis.reasons["symmetry"] == ("units differ when whole rows are compared",)


def test_the_finding_tells_how_many_units() -> None:
    (finding,) = judged(_half_copied(8), vectors()).findings
    told = dict(finding.observations)
    assert told["Worst"] == "2.weight (32, 32) float32: 50% of 32 units have a copy (limit 50%)"
    assert "after 10 Adam steps" in told["Confirmed"]
    assert finding.message.startswith("1 of 3 weights are made of equal units")


def test_the_limit_decides() -> None:
    model, x = _half_copied(4), vectors()
    assert judged(model, x).healthy
    assert not judged(model, x, limits=Limits(tied_share=0.2)).healthy
