"""Gradients over time: what one step does to them is measured, for every kind of recurrence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import diagnose, record
from pytest_gradhealth.facts import RecurrenceRecord
from tests.runtime.models import Recurrent, labels

WIDTH, STEPS = 16, 20
KINDS: dict[str, Callable[..., nn.RNNBase]] = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


class Last(nn.Module):
    """A recurrent layer and a head on its last step, whatever the order of its axes."""

    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn, self.head = rnn, nn.Linear(rnn.hidden_size, 4)

    def forward(self, x: Tensor) -> Any:
        out, _ = self.rnn(x)
        time = 1 if self.rnn.batch_first and x.dim() == 3 else 0
        return self.head(out.select(time, -1))


def scaled(gain: float, scale: float = 1.0, **options: Any) -> nn.Module:
    """An RNN whose step multiplies by ``gain``: small inputs keep tanh where it is linear."""
    rnn = nn.RNN(WIDTH, WIDTH, batch_first=True, bias=False, **options)
    with torch.no_grad():
        for name, factor in (("weight_hh_l0", gain), ("weight_ih_l0", scale)):
            weight = rnn.get_parameter(name)
            nn.init.orthogonal_(weight)
            weight.mul_(factor)
    return Last(rnn)


def the_recurrence(model: nn.Module, x: Tensor) -> RecurrenceRecord:
    (found,) = record(model, x).recurrences
    return found


def sequences(rows: int = 4, steps: int = STEPS) -> Tensor:
    return torch.randn(rows, steps, WIDTH)


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.0, 1.2])
def test_a_linear_steps_gain_is_what_was_put_in(gain: float) -> None:
    found = the_recurrence(scaled(gain, scale=1e-6), sequences())
    assert (found.path, found.kind, found.steps) == ("rnn", "RNN", STEPS)
    assert found.gain_per_step == pytest.approx(gain, rel=0.01)
    assert found.range == pytest.approx(max(1.0, gain ** (STEPS - 1)), rel=0.2)


def test_tanh_fades_a_little_more_than_its_weights() -> None:
    assert 0.2 < the_recurrence(scaled(0.5), sequences()).gain_per_step < 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [True, False])
def test_the_order_of_axes_changes_nothing(kind: str, batch_first: bool) -> None:
    torch.manual_seed(0)
    first, x = Last(KINDS[kind](WIDTH, WIDTH, batch_first=True)), sequences()
    expected = the_recurrence(first, x)
    other = Last(KINDS[kind](WIDTH, WIDTH, batch_first=batch_first))
    other.load_state_dict(first.state_dict())
    found = the_recurrence(other, x if batch_first else x.transpose(0, 1))
    assert (found.path, found.kind, found.steps) == ("rnn", kind, STEPS)
    assert found.gain_per_step == pytest.approx(expected.gain_per_step, rel=1e-3)
    assert expected.gain_per_step < 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_unbatched_sequence(kind: str) -> None:
    found = the_recurrence(Last(KINDS[kind](WIDTH, WIDTH)), torch.randn(STEPS, WIDTH))
    assert found.steps == STEPS
    assert 0 < found.gain_per_step < 1


@pytest.mark.parametrize("kind", KINDS)
def test_options_of_recurrent_modules(kind: str) -> None:
    for options in ({"num_layers": 2}, {"bidirectional": True}, {"dropout": 0.5, "num_layers": 2}):
        rnn = KINDS[kind](WIDTH, WIDTH, batch_first=True, **options)

        class Mean(nn.Module):
            def __init__(self, rnn: nn.RNNBase) -> None:
                super().__init__()
                self.rnn = rnn

            def forward(self, x: Tensor) -> Any:
                return self.rnn(x)[0].mean((1, 2))

        diagnosis = diagnose(Mean(rnn), sequences())
        assert diagnosis.healthy, diagnosis.reasons
        assert [r.steps for r in diagnosis.report.recurrences] == [STEPS]


def test_the_inputs_own_gradient_does_not_mix_in() -> None:
    """An input that something else reads as well: only the module's part counts."""

    class Both(nn.Module):
        def __init__(self, beside: float) -> None:
            super().__init__()
            self.body, self.beside = scaled(0.5, scale=1e-6), beside

        def forward(self, x: Tensor) -> Any:
            return self.body(x) + self.beside * x.mean(dim=(1, 2), keepdim=False)[:, None]

    alone = the_recurrence(Both(0.0), sequences().requires_grad_())
    beside = the_recurrence(Both(1e3), sequences().requires_grad_())
    assert beside.gain_per_step == pytest.approx(alone.gain_per_step, rel=0.02)


def test_an_embedding_before_it_still_gets_its_gradient() -> None:
    class Embedded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.body = nn.Embedding(20, WIDTH), Last(nn.GRU(WIDTH, WIDTH))

        def forward(self, x: Tensor) -> Any:
            return self.body(self.embed(x).transpose(0, 1))

    report = record(Embedded(), torch.randint(0, 20, (4, STEPS)))
    (embedding,) = (p for p in report.parameters if p.name == "embed.weight")
    assert embedding.gradient_rms
    assert [r.path for r in report.recurrences] == ["body.rnn"]


class Loop(nn.Module):
    """A cell, or a plain layer, called step by step."""

    def __init__(self, gain: float, *, cell: bool) -> None:
        super().__init__()
        self.step = nn.RNNCell(WIDTH, WIDTH) if cell else nn.Linear(WIDTH, WIDTH, bias=False)
        weight = self.step.weight_hh if isinstance(self.step, nn.RNNCell) else self.step.weight
        with torch.no_grad():
            nn.init.orthogonal_(weight)
            weight.mul_(gain)
        self.head = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        hidden = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            if isinstance(self.step, nn.RNNCell):
                hidden = self.step(1e-6 * step, hidden)
            else:
                hidden = self.step(hidden + step)
        return self.head(hidden)


@pytest.mark.parametrize("cell", [True, False])
@pytest.mark.parametrize("gain", [0.5, 1.3])
def test_a_cell_in_a_loop(cell: bool, gain: float) -> None:
    found = the_recurrence(Loop(gain, cell=cell), sequences())
    assert (found.path, found.steps) == ("step", STEPS)
    assert found.gain_per_step == pytest.approx(gain, rel=0.3)


def test_short_sequences_tell_nothing() -> None:
    assert record(scaled(0.5), sequences(steps=2)).recurrences == ()
    assert [r.steps for r in record(scaled(0.5), sequences(steps=3)).recurrences] == [3]


def _five_times(kind: str) -> nn.Module:
    rnn = KINDS[kind](WIDTH, WIDTH, batch_first=True)
    with torch.no_grad():
        for parameter in rnn.parameters():
            parameter.mul_(5)
    return Last(rnn)


def test_weights_times_five_over_sixty_steps_explode() -> None:
    x = 0.01 * sequences(16, 60)  # large inputs saturate tanh, which hides it
    batch = (x, labels())
    diagnosis = diagnose(_five_times("RNN"), batch, F.cross_entropy, checks=["exploding"])
    (finding,) = diagnosis.findings
    assert finding.where == "rnn"
    assert finding.measured > finding.limit
    plain = Last(nn.RNN(WIDTH, WIDTH, batch_first=True))
    assert diagnose(plain, batch, F.cross_entropy, checks=["exploding"]).healthy


@pytest.mark.parametrize("kind", KINDS)
def test_default_initialisation_does_not_explode(kind: str) -> None:
    model, x = Recurrent(KINDS[kind], WIDTH), sequences(16, 60)
    diagnosis = diagnose(model, (x, labels()), F.cross_entropy, checks=["exploding"])
    assert diagnosis.verdicts == {"exploding": "pass"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wants", [False, True])
def test_the_users_input_is_left_as_it_was(kind: str, wants: bool) -> None:
    x = sequences().requires_grad_(wants)
    version, copy = x._version, x.detach().clone()
    diagnose(Last(KINDS[kind](WIDTH, WIDTH, batch_first=True)), x)
    assert x.grad is None
    assert x.requires_grad is wants
    assert x.grad_fn is None
    assert x._version == version
    assert torch.equal(x.detach(), copy)


def test_without_a_graph_nothing_is_put_in() -> None:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.head = nn.LSTM(WIDTH, WIDTH, batch_first=True), nn.Linear(WIDTH, 4)

        def forward(self, x: Tensor) -> Any:
            with torch.no_grad():
                out, _ = self.rnn(x)
            assert not out.requires_grad
            return self.head(out[:, -1])

    report = record(Frozen(), sequences())
    assert report.recurrences == ()
