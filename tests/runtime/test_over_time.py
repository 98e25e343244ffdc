"""Gradients that do not reach the time steps that hold the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Diagnosis, Limits, diagnose

ROWS, STEPS, FEATURES, WIDTH = 64, 30, 4, 24
QUICK = Limits(remedy_seconds=0.0)


class Last(nn.Module):
    """A recurrent module of torch; the last output is read out."""

    def __init__(self, rnn: nn.RNNBase, init: Callable[[nn.RNNBase], object] | None = None) -> None:
        super().__init__()
        self.rnn, self.head = rnn, nn.Linear(WIDTH, 4)
        if init is not None:
            with torch.no_grad():
                init(rnn)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.rnn(x)[0][:, -1])


class Cell(nn.Module):
    """A cell with two matrices of its own, run in a loop."""

    def __init__(self, gain: float, *, detach: bool = False) -> None:
        super().__init__()
        self.into = nn.Parameter(0.5 * torch.randn(FEATURES, WIDTH))
        self.again = nn.Parameter(gain * nn.init.orthogonal_(torch.empty(WIDTH, WIDTH)))
        self.head = nn.Linear(WIDTH, 4)
        self.detach = detach

    def forward(self, x: Tensor) -> Any:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = state.detach() if self.detach else state
            state = torch.tanh(step @ self.into + state @ self.again)
        return self.head(state)


class Elman(Cell):
    """The same out of two layers."""

    def __init__(self, gain: float, *, detach: bool = False) -> None:
        super().__init__(gain)
        del self.into, self.again
        self.inputs = nn.Linear(FEATURES, WIDTH)
        self.state = nn.Linear(WIDTH, WIDTH, bias=False)
        nn.init.orthogonal_(self.state.weight, gain)
        self.detach = detach

    def forward(self, x: Tensor) -> Any:
        state = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            state = state.detach() if self.detach else state
            state = torch.tanh(self.inputs(step) + self.state(state))
        return self.head(state)


Kind = type[nn.RNN] | type[nn.LSTM] | type[nn.GRU]


def rnn(kind: Kind) -> nn.RNNBase:
    return kind(FEATURES, WIDTH, batch_first=True)


def shut(module: nn.RNNBase) -> None:
    """Forget gates of an LSTM at sigmoid(-6)."""
    module.bias_ih_l0[WIDTH : 2 * WIDTH] = -6.0  # type: ignore[operator]


def orthogonal(module: nn.RNNBase) -> None:
    nn.init.orthogonal_(module.weight_hh_l0)  # type: ignore[arg-type]


def sequences(step: int, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Noise, and as its label the quadrant in which one step lies."""
    x = torch.randn(ROWS, steps, FEATURES)
    x[:, step, :2] = 2 * x[:, step, :2].sign()
    return x, (x[:, step, 0] > 0).long() + 2 * (x[:, step, 1] > 0).long()


def judged(model: nn.Module, batch: Any, **options: Any) -> Diagnosis:
    return diagnose(model, batch, F.cross_entropy, limits=QUICK, **options)


FORGETFUL: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "own matrices": (lambda: Cell(0.5), "into"),
    "layers": (lambda: Elman(0.5), "inputs"),
    "nn.RNN": (lambda: Last(rnn(nn.RNN)), "rnn"),
    "nn.LSTM": (lambda: Last(rnn(nn.LSTM), shut), "rnn"),
}


@pytest.mark.parametrize("name", FORGETFUL)
def test_an_answer_that_is_forgotten_is_told(name: str) -> None:
    make, where = FORGETFUL[name]
    finding = next(
        f for f in judged(make(), sequences(0)).findings if f.symptom in {"vanishing", "saturation"}
    )
    assert finding.where == where
    if finding.symptom == "vanishing":
        assert f"over {STEPS} time steps of {where}" in finding.message
        assert f"step 1 of {STEPS} alone tells" in dict(finding.observations)["Measured"]


@pytest.mark.parametrize("name", [n for n in FORGETFUL if n != "nn.LSTM"])
def test_an_answer_in_the_last_step_needs_no_memory(name: str) -> None:
    diagnosis = judged(FORGETFUL[name][0](), sequences(STEPS - 1))
    assert diagnosis.healthy, diagnosis.reasons


@pytest.mark.parametrize("name", [n for n in FORGETFUL if n != "nn.LSTM"])
def test_random_labels_accuse_nobody(name: str) -> None:
    x, _ = sequences(0)
    diagnosis = judged(FORGETFUL[name][0](), (x, torch.randperm(ROWS) % 4))
    assert diagnosis.healthy, diagnosis.reasons


MINDFUL: dict[str, Callable[[], nn.Module]] = {
    "orthogonal cell": lambda: Elman(1.0),
    "orthogonal nn.RNN": lambda: Last(rnn(nn.RNN), orthogonal),
    "short LSTM": lambda: Last(rnn(nn.LSTM)),
    "short GRU": lambda: Last(rnn(nn.GRU)),
}


@pytest.mark.parametrize("name", MINDFUL)
def test_a_network_that_remembers_costs_one_pass(name: str) -> None:
    diagnosis = judged(MINDFUL[name](), sequences(0, steps=4))
    assert diagnosis.healthy, diagnosis.reasons
    assert diagnosis.passes == 1


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_forgetting_what_nobody_asks_for_is_no_fault(kind: Kind) -> None:
    diagnosis = judged(Last(rnn(kind)), sequences(STEPS - 2))
    assert diagnosis.healthy, diagnosis.reasons


@pytest.mark.parametrize(("make", "where"), [(Cell, "into"), (Elman, "inputs")])
def test_a_state_cut_between_steps_is_told(make: type[Cell], where: str) -> None:
    diagnosis = judged(make(1.0, detach=True), sequences(0))
    finding = diagnosis.findings[0]
    assert (finding.symptom, finding.where) == ("disconnected", where)
    assert f"does not depend on {STEPS - 1} of {STEPS} time steps" in finding.message


@pytest.mark.parametrize("make", [Cell, Elman])
def test_truncation_that_loses_nothing_is_no_fault(make: type[Cell]) -> None:
    diagnosis = judged(make(1.0, detach=True), sequences(STEPS - 1))
    assert diagnosis.healthy, diagnosis.reasons


def test_the_caller_may_vouch_for_it() -> None:
    assert judged(Elman(0.5), sequences(0), ignore=["inputs", "state"]).healthy
    assert judged(Elman(1.0, detach=True), sequences(0), ignore=["inputs", "state"]).healthy


def test_without_a_target_nothing_is_asked() -> None:
    diagnosis = diagnose(Elman(0.5), sequences(0)[0], limits=QUICK)
    assert diagnosis.healthy
    assert diagnosis.passes == 1


class Scan(nn.Module):
    """A linear state that decays: no recurrent module and no cell that is called step by step."""

    def __init__(self, decay: float, *, read: int = -1, window: int = 0) -> None:
        super().__init__()
        self.into = nn.Linear(FEATURES, WIDTH)
        self.decay = nn.Parameter(torch.full((WIDTH,), decay))
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 4))
        self.read, self.window = read, window

    def forward(self, x: Tensor) -> Any:
        drive = self.into(x)
        state, states = torch.zeros_like(drive[:, 0]), []
        for step, now in enumerate(drive.unbind(1)):
            if self.window and step % self.window == 0:
                state = state.detach()
            state = self.decay * state + now
            states.append(state)
        return self.head(states[self.read])


def test_a_state_that_fades_without_a_recurrent_module_is_told() -> None:
    finding = judged(Scan(0.3), sequences(0)).findings[0]
    assert (finding.symptom, finding.where) == ("vanishing", "into")
    assert f"step 1 of {STEPS} alone tells" in dict(finding.observations)["Measured"]


def test_a_state_that_lasts_is_healthy() -> None:
    assert judged(Scan(0.95), sequences(0)).healthy
    assert judged(Scan(0.3), sequences(STEPS - 1)).healthy


def test_a_state_cut_without_a_recurrent_module_is_told() -> None:
    finding = judged(Scan(0.95, window=10), sequences(2)).findings[0]
    assert (finding.symptom, finding.where) == ("disconnected", "into")
    assert f"does not depend on 20 of {STEPS} time steps" in finding.message


def test_the_wrong_end_of_the_sequence_is_told() -> None:
    finding = judged(Scan(0.95, read=0), sequences(STEPS - 3)).findings[0]
    assert (finding.symptom, finding.where) == ("disconnected", "into")
    assert f"does not depend on {STEPS - 1} of {STEPS} time steps" in finding.message
