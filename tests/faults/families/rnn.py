"""Recurrent networks: states that fade, explode or are cut, and ones that only look as if."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.making import Family
from tests.faults.tasks import SIGNALS, TOKENS
from tests.faults.tasks_sequence import PADDED, SIGNALS_20, SIGNALS_50

WIDTH = 32


case = Family("rnn", SIGNALS)


class Elman(nn.Module):
    """A cell by hand: two linear maps and an activation; the last state is read out."""

    def __init__(
        self,
        activation: Callable[[Tensor], Tensor] = torch.tanh,
        std: float | None = None,
        bias: float = 0.0,
        *,
        orthogonal: bool = False,
        truncate: bool = False,
    ) -> None:
        super().__init__()
        self.inputs = nn.Linear(8, WIDTH)
        self.state = nn.Linear(WIDTH, WIDTH, bias=False)
        self.head = nn.Linear(WIDTH, 4)
        self.activation, self.truncate = activation, truncate
        nn.init.constant_(self.inputs.bias, bias)
        if orthogonal:
            nn.init.orthogonal_(self.state.weight)
        if std is not None:
            nn.init.normal_(self.state.weight, 0.0, std)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(len(x), WIDTH)
        for step in x.unbind(1):
            if self.truncate:
                h = h.detach()
            h = self.activation(self.inputs(step) + self.state(h))
        return self.head(h)


class ReluCell(nn.Module):
    """``nn.RNNCell`` with ReLU in a loop; the identity as recurrent weights keeps its memory."""

    def __init__(self, *, identity: bool = True, factor: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.cell = nn.RNNCell(8, WIDTH, nonlinearity="relu")
        self.head = nn.Linear(WIDTH, 4)
        if identity:
            nn.init.eye_(self.cell.weight_hh)
        with torch.no_grad():
            self.cell.weight_hh.mul_(factor)
        nn.init.constant_(self.cell.bias_hh, bias)
        nn.init.zeros_(self.cell.bias_ih)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.size(0), WIDTH)
        for t in range(x.size(1)):
            h = self.cell(x[:, t], h)
        return self.head(h)


class Stacked(nn.Module):
    """``nn.RNN`` with several layers."""

    def __init__(self, layers: int, std: float | None = None) -> None:
        super().__init__()
        self.rnn = nn.RNN(8, WIDTH, num_layers=layers, batch_first=True)
        self.head = nn.Linear(WIDTH, 4)
        if std is not None:
            for weight in self.rnn.parameters():
                nn.init.normal_(weight, 0.0, std)

    def forward(self, x: Tensor) -> Tensor:
        _, last = self.rnn(x)
        return self.head(last[-1])


class Handover(nn.Module):
    """An encoder over tokens and a decoder that starts from its state."""

    def __init__(self, take: Callable[[Tensor], Tensor] = torch.Tensor.contiguous) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, 16)
        self.encoder = nn.GRU(16, WIDTH, batch_first=True)
        self.decoder = nn.GRUCell(4, WIDTH)
        self.start = nn.Parameter(torch.zeros(1, 4))
        self.project = nn.Linear(WIDTH, 4)
        self.take = take

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        _, hidden = self.encoder(self.embed(ids.flip(1)))
        state = self.take(hidden[0])
        state = self.decoder(self.start.expand(len(ids), -1), state)
        return {"logits": self.project(state)}


def by_name(output: dict[str, Tensor], labels: Tensor) -> Tensor:
    return F.cross_entropy(output["logits"], labels)


HANDOVER = Task(
    "tokens, answers in a dict",
    TOKENS.batch,
    TOKENS.score,
    TOKENS.chance,
    TOKENS.learned,
    loss_fn=by_name,
    steps=200,
)


class MeanPool(nn.Module):
    """The mean over the steps that are there; nothing there is 0 / 0."""

    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.at_least = at_least

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        kept = mask.unsqueeze(2).float()
        return (states * kept).sum(1) / kept.sum(1).clamp(min=self.at_least)


class Tagger(nn.Module):
    """A two-way GRU over padded sequences, pooled by a mask."""

    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.gru = nn.GRU(8, 16, batch_first=True, bidirectional=True)
        self.pool = MeanPool(at_least)
        self.head = nn.Linear(32, 4)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        states, _ = self.gru(x)
        return self.head(self.pool(states, mask))


class Picked(nn.Module):
    """Chooses a code word per sequence, hard or softly, and reads the codes on."""

    def __init__(self, *, hard: bool) -> None:
        super().__init__()
        self.gru = nn.GRU(8, WIDTH, batch_first=True)
        self.choose = nn.Linear(WIDTH, 8)
        self.codes = nn.Embedding(8, WIDTH)
        self.head = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4))
        self.hard = hard

    def forward(self, x: Tensor) -> Tensor:
        scores = self.choose(self.gru(x)[1][0])
        if self.hard:
            return self.head(self.codes(scores.argmax(-1)))
        return self.head((10 * scores).softmax(-1) @ self.codes.weight)


CASES: tuple[Case, ...] = (
    case("elman_8", "elman", Elman),
    case("elman_20_orthogonal", "elman", lambda: Elman(orthogonal=True), task=SIGNALS_20),
    case(
        "elman_50_small_normal",
        "elman",
        lambda: Elman(std=0.01),
        "vanishing",
        "state inputs",
        SIGNALS_50,
    ),
    case(
        "elman_20_sigmoid",
        "elman",
        lambda: Elman(torch.sigmoid),
        "vanishing",
        "state inputs",
        SIGNALS_20,
    ),
    case(
        "elman_20_normal_3",
        "elman",
        lambda: Elman(std=3.0),
        "exploding",
        "state inputs",
        SIGNALS_20,
        "saturation",
    ),
    case(
        "elman_20_relu_bias_minus_20",
        "elman",
        lambda: Elman(F.relu, bias=-20.0),
        "dead_units",
        "inputs state",
        SIGNALS_20,
        "collapse",
    ),
    case(
        "elman_truncated",
        "elman",
        lambda: Elman(truncate=True),
        "disconnected",
        "state inputs",
        SIGNALS_20,
    ),
    case("relu_identity_20", "relu", lambda: ReluCell(factor=0.97), task=SIGNALS_20),
    case(
        "relu_default_50_x8",
        "relu",
        lambda: ReluCell(identity=False, factor=8.0),
        "exploding",
        "cell",
        SIGNALS_50,
    ),
    case(
        "relu_default_50",
        "relu",
        lambda: ReluCell(identity=False),
        "vanishing",
        "cell",
        SIGNALS_50,
    ),
    case(
        "relu_identity_bias_minus_15",
        "relu",
        lambda: ReluCell(bias=-15.0),
        "dead_units",
        "cell",
        also="collapse",
    ),
    case("stacked_2", "stacked", lambda: Stacked(2)),
    case("stacked_8", "stacked", lambda: Stacked(8)),
    case(
        "stacked_8_small_normal",
        "stacked",
        lambda: Stacked(8, 0.003),
        "vanishing",
        "rnn",
        also="collapse",
    ),
    case("handover", "handover", Handover, task=HANDOVER),
    case(
        "handover_detached",
        "handover",
        lambda: Handover(torch.Tensor.detach),
        "disconnected",
        "encoder",
        HANDOVER,
    ),
    case(
        "handover_copied",
        "handover",
        lambda: Handover(lambda h: torch.tensor(h.tolist())),
        "disconnected",
        "encoder",
        HANDOVER,
    ),
    case(
        "handover_standardised",
        "handover",
        lambda: Handover(lambda h: (h - h.mean(0)) / (h.std(0) + 1e-5)),
        task=HANDOVER,
    ),
    case("mean_of_none", "pooling", lambda: Tagger(0.0), "nonfinite", "pool", PADDED),
    case("mean_of_at_least_one", "pooling", lambda: Tagger(1.0), task=PADDED),
    case("picked_hard", "picked", lambda: Picked(hard=True), "disconnected", "choose"),
    case("picked_softly", "picked", lambda: Picked(hard=False)),
)
