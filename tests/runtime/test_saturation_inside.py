"""Saturation inside recurrent cells and attention, by hand and fused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, diagnose
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import Recurrent, Transformer, labels, tokens

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor) -> Diagnosis:
    batch = (x, labels(len(x)))
    return diagnose(model, batch, F.cross_entropy, checks=["saturation"], limits=QUICK)


def _gates(bias: float) -> nn.Module:
    model = Recurrent(nn.LSTM)
    for name, parameter in model.rnn.named_parameters():
        if name.startswith("bias_ih"):
            nn.init.constant_(parameter, bias)
    return model


def _forget(bias: float) -> nn.Module:
    model = _gates(0.0)
    with torch.no_grad():
        model.get_parameter("rnn.bias_ih_l0")[8:16] = bias
    return model


def sequences(rows: int = 4, length: int = 6) -> Tensor:
    return torch.randn(rows, length, 8)


@pytest.mark.parametrize("bias", [-20.0, 20.0])
def test_gates_of_a_fused_lstm(bias: float) -> None:
    (finding,) = judged(_gates(bias), sequences()).findings
    assert finding.where == "rnn"
    assert "gate" in finding.message


class Cells(nn.Module):
    """A cell called step by step; takes (batch, time, 8)."""

    def __init__(self, kind: type[nn.GRUCell] | type[nn.RNNCell], std: float) -> None:
        super().__init__()
        self.cell, self.head = kind(8, 8), nn.Linear(8, 4)
        nn.init.normal_(self.cell.weight_ih, std=std)

    def forward(self, x: Tensor) -> Any:
        hidden = x.new_zeros(len(x), 8)
        for step in x.unbind(1):
            hidden = self.cell(step, hidden)
        return self.head(hidden)


class OwnCell(nn.Module):
    """A gated cell written by hand out of Linear, sigmoid and tanh."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.gates, self.head = nn.Linear(16, 16), nn.Linear(8, 4)
        nn.init.normal_(self.gates.weight, std=std)

    def forward(self, x: Tensor) -> Any:
        hidden = x.new_zeros(len(x), 8)
        for step in x.unbind(1):
            gate, candidate = self.gates(torch.cat([step, hidden], 1)).chunk(2, 1)
            gate = gate.sigmoid()
            hidden = gate * candidate.tanh() + (1 - gate) * hidden
        return self.head(hidden)


CELLS: dict[str, tuple[Callable[[float], nn.Module], str]] = {
    "nn.GRUCell": (lambda std: Cells(nn.GRUCell, std), "cell"),
    "nn.RNNCell": (lambda std: Cells(nn.RNNCell, std), "cell"),
    "by hand": (OwnCell, "gates"),
}


@pytest.mark.parametrize("name", CELLS)
def test_gates_of_a_cell_in_a_loop(name: str) -> None:
    make, where = CELLS[name]
    assert {f.where for f in judged(make(50.0), sequences()).findings} == {where}
    assert judged(make(0.3), sequences()).healthy


class Attention(nn.Module):
    """One head of attention over (batch, time, 8), by hand or fused, logits times ``scale``."""

    def __init__(self, scale: float, how: str) -> None:
        super().__init__()
        self.embed, self.head = nn.Linear(8, 16), nn.Linear(16, 4)
        self.query, self.key, self.value = (nn.Linear(16, 16) for _ in range(3))
        self.scale, self.how = scale, how

    def forward(self, x: Tensor) -> Any:
        x = self.embed(x)
        query, key, value = self.scale * self.query(x), self.key(x), self.value(x)
        if self.how == "by hand":
            weights = (query @ key.transpose(1, 2) / 4).softmax(-1)
            mixed = weights @ value
        else:
            query, key, value = (t.unsqueeze(1) for t in (query, key, value))
            causal = self.how == "fused, causal"
            mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
            mixed = mixed.squeeze(1)
        return self.head((x + mixed).mean(1))


@pytest.mark.parametrize("how", ["by hand", "fused", "fused, causal"])
def test_attention_that_has_made_up_its_mind(how: str) -> None:
    (finding,) = judged(Attention(1e4, how), sequences(8, 12)).findings
    assert finding.where in {"query", "key"}
    assert "Softmax" in finding.message
    assert judged(Attention(1.0, how), sequences(8, 12)).verdicts == {"saturation": "pass"}


NEAR_MISSES: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "attention, one key": (lambda: Attention(1000.0, "by hand"), lambda: sequences(4, 1)),
    "fused attention, one key": (lambda: Attention(1000.0, "fused"), lambda: sequences(4, 1)),
    "causal attention": (lambda: Attention(1.0, "fused, causal"), lambda: sequences(4, 2)),
    "lstm, forget bias 1": (lambda: _forget(1.0), sequences),
    "lstm, forget bias 3": (lambda: _forget(3.0), sequences),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_not_accused(name: str) -> None:
    make, batch = NEAR_MISSES[name]
    diagnosis = judged(make(), batch())
    assert diagnosis.verdicts["saturation"] in {"pass", "not_observed"}, diagnosis.reasons


@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_transformer_is_not_accused(pre_norm: bool) -> None:
    diagnosis = diagnose(Transformer(pre_norm=pre_norm), tokens(), checks=["saturation"])
    assert diagnosis.verdicts["saturation"] != "fail"
