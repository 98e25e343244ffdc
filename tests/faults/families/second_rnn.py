"""Recurrent networks of other kinds: identity, linear, minimal, bidirectional, with attention."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import SIGNALS, TOKENS, signals
from tests.faults.tasks_sequence import SIGNALS_20, SIGNALS_50

HIDDEN = 28

case = SecondFamily("rnn", SIGNALS)


def latest(seed: int) -> tuple[Tensor, Tensor]:
    """``SIGNALS`` of length 20 told backwards: only the last step matters."""
    steps, labels = signals(seed, 20)
    return steps.flip(1), labels


SOON = replace(SIGNALS_50, name="signals of length 50, fewer steps", steps=80)
LATEST = replace(SIGNALS, name="signals, latest first", batch=latest)


def identity(gain: float, kind: str = "relu") -> nn.Module:
    """``nn.RNN`` whose recurrent weights are the identity times a gain."""

    class Identity(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.core = nn.RNN(8, HIDDEN, nonlinearity=kind, batch_first=True)
            self.decide = nn.Linear(HIDDEN, 4)
            with torch.no_grad():
                self.core.weight_hh_l0.copy_(gain * torch.eye(HIDDEN))
                self.core.weight_ih_l0.mul_(0.3)
                self.core.bias_hh_l0.zero_()
                self.core.bias_ih_l0.zero_()

        def forward(self, sequence: Tensor) -> Tensor:
            _, last = self.core(sequence)
            return self.decide(last.squeeze(0))

    return Identity()


class LinearState(nn.Module):
    """A diagonal linear recurrence, as in state-space models: decays per channel, no cap."""

    def __init__(self, decay: float, *, spread: float = 0.0) -> None:
        super().__init__()
        self.into = nn.Linear(8, HIDDEN)
        self.decay = nn.Parameter(decay + spread * torch.rand(HIDDEN))
        self.out = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 4))

    def forward(self, sequence: Tensor) -> Tensor:
        drive = self.into(sequence)
        state = torch.zeros_like(drive[:, 0])
        for now in drive.unbind(1):
            state = self.decay * state + now
        return self.out(state)


class MinimalGru(nn.Module):
    """One gate that depends on the input alone."""

    def __init__(self, bias: float, *, every: int = 0) -> None:
        super().__init__()
        self.gate, self.candidate = nn.Linear(8, HIDDEN), nn.Linear(8 + HIDDEN, HIDDEN)
        self.readout = nn.Linear(HIDDEN, 4)
        self.every = every
        nn.init.constant_(self.gate.bias, bias)

    def forward(self, sequence: Tensor) -> Tensor:
        h = sequence.new_zeros(sequence.shape[0], HIDDEN)
        for number, x in enumerate(sequence.unbind(1)):
            if self.every and number % self.every == 0:
                h = h.detach()
            z = torch.sigmoid(self.gate(x))
            h = (1 - z) * h + z * torch.tanh(self.candidate(torch.cat((x, h), 1)))
        return self.readout(h)


class BothWays(nn.Module):
    """A bidirectional GRU over embedded tokens and the two last states."""

    def __init__(self, *, start: str = "learned", embed_std: float = 1.0) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, 12)
        nn.init.normal_(self.embed.weight, 0.0, embed_std)
        self.gru = nn.GRU(12, 20, bidirectional=True, batch_first=True)
        self.h0 = nn.Parameter(0.1 * torch.randn(2, 1, 20))
        self.fc = nn.Linear(40, 4)
        self.start = start

    def forward(self, ids: Tensor) -> Tensor:
        h0 = self.h0.expand(-1, len(ids), -1)
        if self.start == "copied":
            h0 = torch.tensor(h0.tolist())
        _, last = self.gru(self.embed(ids), h0.contiguous())
        return self.fc(torch.cat([last[0], last[1]], dim=1))


class Attentive(nn.Module):
    """An encoder's states, and one query that reads from them."""

    def __init__(
        self, *, scale: float = 1.0, axis: int = 1, read: Callable[..., Tensor] = torch.bmm
    ) -> None:
        super().__init__()
        self.encoder = nn.LSTM(8, HIDDEN, batch_first=True)
        self.query = nn.Linear(HIDDEN, HIDDEN)
        self.mix = nn.Linear(HIDDEN, 4)
        self.scale, self.axis, self.read = scale, axis, read

    def forward(self, sequence: Tensor) -> Tensor:
        states, (last, _) = self.encoder(sequence)
        scores = states @ self.query(last[-1]).unsqueeze(2) * self.scale
        weights = scores.softmax(self.axis)
        return self.mix(self.read(weights.transpose(1, 2), states).squeeze(1))


def hardest(weights: Tensor, states: Tensor) -> Tensor:
    """The state with the largest weight instead of the mean."""
    return states[torch.arange(len(states)), weights.argmax(-1).squeeze(1)].unsqueeze(1)


def scaled_orthogonal(factor: float) -> nn.Module:
    model = identity(1.0, "tanh")
    nn.init.orthogonal_(model.core.weight_hh_l0, factor)
    return model


CASES: tuple[Case, ...] = (
    case("identity_relu_20", "identity", lambda: identity(1.0), task=SIGNALS_20),
    case(
        "identity_relu_50_gain_4",
        "identity",
        lambda: identity(4.0),
        "exploding",
        "core",
        SIGNALS_50,
        "nonfinite",
    ),
    case("orthogonal_tanh_50", "identity", lambda: scaled_orthogonal(1.0), task=SIGNALS_50),
    case(
        "orthogonal_tanh_50_fiftieth",
        "identity",
        lambda: scaled_orthogonal(0.02),
        "vanishing",
        "core",
        SOON,
    ),
    case("linear_state", "linear state", lambda: LinearState(0.9, spread=0.1), task=SIGNALS_20),
    case(
        "linear_state_unstable",
        "linear state",
        lambda: LinearState(4.0),
        "exploding",
        "decay into",
        SIGNALS_50,
    ),
    case(
        "linear_state_forgets",
        "linear state",
        lambda: LinearState(0.05),
        "vanishing",
        "into",
        SIGNALS_50,
    ),
    case("linear_state_forgets_by_design", "linear state", lambda: LinearState(0.05), task=LATEST),
    case("minimal_gru", "minimal gru", lambda: MinimalGru(-2.0)),
    case("minimal_gru_truncated", "minimal gru", lambda: MinimalGru(-2.0, every=4), task=LATEST),
    case(
        "minimal_gru_shut",
        "minimal gru",
        lambda: MinimalGru(-40.0),
        "saturation",
        "gate candidate",
        also="vanishing collapse",
    ),
    case("both_ways", "both ways", BothWays, task=TOKENS),
    case(
        "both_ways_start_copied",
        "both ways",
        lambda: BothWays(start="copied"),
        "disconnected",
        "h0",
        TOKENS,
    ),
    case(
        "both_ways_embedding_1e5",
        "both ways",
        lambda: BothWays(embed_std=1e5),
        "saturation",
        "gru embed",
        TOKENS,
        "vanishing",
    ),
    case("attentive", "attentive", Attentive),
    case("attentive_sharp", "attentive", lambda: Attentive(scale=3.0)),
    case(
        "attentive_over_batch_of_one",
        "attentive",
        lambda: Attentive(axis=2),
        "disconnected",
        "query",
        also="vanishing collapse",
    ),
    case(
        "attentive_hardest",
        "attentive",
        lambda: Attentive(read=hardest),
        "disconnected",
        "query",
    ),
)
