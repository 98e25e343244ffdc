"""LSTM and GRU: gates stuck at an end, constant weights, half precision."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, index, no-untyped-call, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.rnn import WIDTH, case
from tests.faults.tasks import SIGNALS
from tests.faults.tasks_sequence import SIGNALS_20

IN, FORGET, CELL, OUT = range(4)
RESET, UPDATE, NEW = range(3)


class Lstm(nn.Module):
    """``nn.LSTM`` and its last output."""

    def __init__(self, init: Callable[[nn.LSTM], object] | None = None) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, WIDTH, batch_first=True)
        self.head = nn.Linear(WIDTH, 4)
        if init is not None:
            init(self.lstm)

    def forward(self, x: Tensor) -> Tensor:
        states, (_, _) = self.lstm(x)
        return self.head(states[:, -1])


class Looped(nn.Module):
    """A cell of torch in a loop over time, with its biases set per gate."""

    def __init__(self, cell: type[nn.LSTMCell | nn.GRUCell], **gates: float) -> None:
        super().__init__()
        self.cell = cell(8, WIDTH)
        self.readout = nn.Linear(WIDTH, 4)
        rows = {"forget": FORGET, "out": OUT, "update": UPDATE, "reset": RESET}
        for gate, value in gates.items():
            first = rows[gate] * WIDTH
            nn.init.constant_(self.cell.bias_ih[first : first + WIDTH], value)

    def forward(self, x: Tensor) -> Tensor:
        state: Any = None
        for step in x.transpose(0, 1):
            state = self.cell(step, state)
        return self.readout(state[0] if isinstance(state, tuple) else state)


class HandLstm(nn.Module):
    """The four gates out of one linear map, written with torch.sigmoid and torch.tanh."""

    def __init__(self, forget: float = 1.0, scale: float = 1.0, *, norm: bool = False) -> None:
        super().__init__()
        self.gates = nn.Linear(8 + 24, 4 * 24)
        self.norm = nn.LayerNorm(4 * 24) if norm else nn.Identity()
        self.classifier = nn.Linear(24, 4)
        self.forget = forget
        with torch.no_grad():
            self.gates.weight.mul_(scale)

    def forward(self, sequence: Tensor) -> Tensor:
        hidden = memory = sequence.new_zeros(sequence.shape[0], 24)
        for t in range(sequence.shape[1]):
            both = torch.cat([sequence[:, t], hidden], dim=1)
            i, f, g, o = self.norm(self.gates(both)).chunk(4, dim=1)
            memory = torch.sigmoid(f + self.forget) * memory + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(memory)
        return self.classifier(hidden)


def forget_bias(value: float) -> Callable[[nn.LSTM], object]:
    def init(lstm: nn.LSTM) -> None:
        nn.init.constant_(lstm.bias_ih_l0[WIDTH : 2 * WIDTH], value)

    return init


def chrono(lstm: nn.LSTM) -> None:
    """Forget gates that remember for 1 to 19 steps, as in chrono initialisation."""
    with torch.no_grad():
        lstm.bias_hh_l0.zero_()
        lstm.bias_ih_l0.zero_()
        lasting = torch.empty(WIDTH).uniform_(1, 19).log()
        lstm.bias_ih_l0[WIDTH : 2 * WIDTH] = lasting
        lstm.bias_ih_l0[:WIDTH] = -lasting


def constant(model: nn.Module, value: float, part: str = "") -> nn.Module:
    """The same model with every weight of a part (all of it: "") set to one value."""
    for parameter in model.get_submodule(part).parameters():
        nn.init.constant_(parameter, value)
    return model


def scaled_loss(factor: float) -> Callable[[Any, Any], Tensor]:
    def step(model: Any, batch: Any) -> Tensor:
        return F.cross_entropy(model(batch[0]).float(), batch[1]) * factor

    return step


HALF = partial(torch.autocast, "cpu", dtype=torch.float16)
BRAIN = partial(torch.autocast, "cpu", dtype=torch.bfloat16)
PLAIN_STEP = replace(
    SIGNALS, name="signals, loss as it is", loss_fn=None, steps=150, step=scaled_loss(1.0)
)
TINY_STEP = replace(
    SIGNALS,
    name="signals, loss divided by 2^24",
    loss_fn=None,
    steps=150,
    step=scaled_loss(2.0**-24),
)


def unscaled(factor: float) -> nn.Module:
    """Divides gradients by what the loss was multiplied with, as an optimizer's wrapper would."""
    model = HandLstm()
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: gradient / factor)
    return model


CASES: tuple[Case, ...] = (
    case("lstm", "lstm", Lstm),
    case("lstm_20_forget_2", "lstm", lambda: Lstm(forget_bias(2.0)), task=SIGNALS_20),
    case("lstm_20_chrono", "lstm", lambda: Lstm(chrono), task=SIGNALS_20),
    case(
        "lstm_20_forget_minus_20",
        "lstm",
        lambda: Lstm(forget_bias(-20.0)),
        "saturation",
        "lstm",
        SIGNALS_20,
        "vanishing",
    ),
    case("lstm_forget_20", "lstm", lambda: Lstm(forget_bias(20.0))),
    case(
        "lstm_cell_out_minus_20",
        "cell",
        lambda: Looped(nn.LSTMCell, out=-20.0),
        "saturation",
        "cell",
        also="collapse vanishing",
    ),
    case("lstm_cell_forget_2", "cell", lambda: Looped(nn.LSTMCell, forget=2.0)),
    case("gru_cell", "cell", lambda: Looped(nn.GRUCell)),
    case(
        "gru_cell_update_20",
        "cell",
        lambda: Looped(nn.GRUCell, update=20.0),
        "saturation",
        "cell",
        also="collapse vanishing",
    ),
    case("gru_cell_update_2", "cell", lambda: Looped(nn.GRUCell, update=2.0)),
    case("gru_cell_reset_minus_20", "cell", lambda: Looped(nn.GRUCell, reset=-20.0)),
    case("hand_lstm", "hand lstm", HandLstm),
    case("hand_lstm_layernorm", "hand lstm", lambda: HandLstm(norm=True)),
    case(
        "hand_lstm_weights_x100",
        "hand lstm",
        lambda: HandLstm(scale=100.0),
        "saturation",
        "gates",
        SIGNALS_20,
        "exploding",
    ),
    case(
        "hand_lstm_20_forget_minus_6",
        "hand lstm",
        lambda: HandLstm(-6.0),
        "vanishing",
        "gates",
        SIGNALS_20,
        "saturation",
    ),
    case("lstm_constant", "constant", lambda: constant(Lstm(), 0.1), "symmetry", "lstm"),
    case("lstm_constant_body", "constant", lambda: constant(Lstm(), 0.1, "lstm")),
    case("lstm_zero_head", "constant", lambda: constant(Lstm(), 0.0, "head")),
    case(
        "hand_lstm_float16_tiny_loss",
        "half",
        HandLstm,
        "underflow",
        "gates",
        TINY_STEP,
        context=HALF,
    ),
    case(
        "hand_lstm_float16_averaged",
        "half",
        lambda: unscaled(2.0**-24),
        "underflow",
        "gates",
        TINY_STEP,
        context=HALF,
    ),
    case(
        "hand_lstm_bfloat16_averaged",
        "half",
        lambda: unscaled(2.0**-24),
        task=TINY_STEP,
        context=BRAIN,
    ),
    case("hand_lstm_float16", "half", HandLstm, task=PLAIN_STEP, context=HALF),
)
