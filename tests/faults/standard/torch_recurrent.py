"""Recurrent and convolutional sequence models assembled from torch.nn."""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from tests.faults.standard.entry import Standard

VOCABULARY, LENGTH, ROWS, WIDTH = 50, 24, 16, 32


class Recurrent(nn.Module):
    """A recurrent stack whose last output is classified."""

    def __init__(self, kind: str, layers: int = 2, **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.rnn = getattr(nn, kind)(WIDTH, WIDTH, layers, batch_first=True, **options)
        self.head = nn.Linear(WIDTH * (2 if options.get("bidirectional") else 1), 4)

    def forward(self, ids: Tensor) -> Tensor:
        states, _ = self.rnn(self.embedding(ids))
        out: Tensor = self.head(states[:, -1])
        return out


class LanguageModel(nn.Module):
    """LSTM language model with tied weights and a forget bias of one."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.drop = nn.Dropout(0.5)
        self.lstm = nn.LSTM(WIDTH, WIDTH, 2, batch_first=True, dropout=0.5)
        self.decoder = nn.Linear(WIDTH, VOCABULARY)
        self.decoder.weight = self.embedding.weight
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        for name, parameter in self.lstm.named_parameters():
            if "bias_ih" in name:
                parameter.data[WIDTH : 2 * WIDTH].fill_(1.0)

    def forward(self, ids: Tensor) -> Tensor:
        states, _ = self.lstm(self.drop(self.embedding(ids)))
        out: Tensor = self.decoder(self.drop(states))
        return out


class Attender(nn.Module):
    """GRU encoder and GRU cell decoder with additive attention, teacher forced."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.encoder = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.query, self.key = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.score = nn.Linear(WIDTH, 1)
        self.cell = nn.GRUCell(2 * WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        states, last = self.encoder(self.embedding(source))
        state, outputs = last[0], []
        for token in self.embedding(target).unbind(1):
            energy = self.score(torch.tanh(self.query(state).unsqueeze(1) + self.key(states)))
            context = (energy.softmax(1) * states).sum(1)
            state = self.cell(torch.cat([token, context], 1), state)
            outputs.append(self.head(state))
        return torch.stack(outputs, 1)


class WaveNet(nn.Module):
    """Gated dilated convolutions; the last one feeds only its skip."""

    def __init__(self, layers: int = 8) -> None:
        super().__init__()
        self.dilations = [2 ** (layer % 4) for layer in range(layers)]
        self.stem = nn.Conv1d(1, WIDTH, 1)
        self.gated = nn.ModuleList(
            nn.Conv1d(WIDTH, 2 * WIDTH, 2, dilation=dilation) for dilation in self.dilations
        )
        self.residuals = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 1) for _ in range(layers - 1))
        self.skips = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 1) for _ in range(layers))
        self.end1, self.end2 = nn.Conv1d(WIDTH, WIDTH, 1), nn.Conv1d(WIDTH, 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        total = torch.zeros_like(x)
        for index, gated in enumerate(self.gated):
            filtered, gate = gated(F.pad(x, (self.dilations[index], 0))).chunk(2, 1)
            y = torch.tanh(filtered) * torch.sigmoid(gate)
            total = total + self.skips[index](y)
            if index < len(self.residuals):
                x = x + self.residuals[index](y)
        out: Tensor = self.end2(F.relu(self.end1(F.relu(total))))
        return out


class TemporalBlock(nn.Module):
    """Two weight-normed dilated convolutions and a skip (TCN)."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.pad = 2 * dilation
        self.first = weight_norm(nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(WIDTH, WIDTH, 3, dilation=dilation))
        for layer in (self.first, self.second):
            nn.init.normal_(layer.weight, 0, 0.01)

    def forward(self, x: Tensor) -> Tensor:
        y = F.dropout(F.relu(self.first(F.pad(x, (self.pad, 0)))), 0.1, self.training)
        y = F.dropout(F.relu(self.second(F.pad(y, (self.pad, 0)))), 0.1, self.training)
        return F.relu(x + y)


def tcn() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, WIDTH, 1), *(TemporalBlock(2**level) for level in range(5)),
        nn.Conv1d(WIDTH, 16, 1),
    )  # fmt: skip


class TextCNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.convolutions = nn.ModuleList(nn.Conv1d(WIDTH, 16, size) for size in (3, 4, 5))
        self.head = nn.Linear(48, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids).transpose(1, 2)
        pooled = [F.relu(conv(x)).amax(-1) for conv in self.convolutions]
        out: Tensor = self.head(F.dropout(torch.cat(pooled, 1), 0.5, self.training))
        return out


def _ids() -> Tensor:
    return torch.randint(0, VOCABULARY, (ROWS, LENGTH))


def _classes() -> tuple[Tensor, Tensor]:
    return _ids(), torch.randint(0, 4, (ROWS,))


def _next() -> tuple[Tensor, Tensor]:
    ids = _ids()
    return ids, ids.roll(-1, 1)


def _pairs() -> tuple[Tensor, Tensor, Tensor]:
    target = _ids()
    return _ids(), target, target.roll(-1, 1)


def _sound() -> tuple[Tensor, Tensor]:
    wave = torch.sin(torch.rand(4, 1, 1) * torch.arange(64.0)) + 0.1 * torch.randn(4, 1, 64)
    return wave, torch.randint(0, 16, (4, 64))


def _tokens(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.flatten(0, 1), target.flatten())


def _classifier(name: str, build: Any, **options: Any) -> Standard:
    made = functools.partial(build, **options)
    return Standard(name, "torch.nn", made, _classes, F.cross_entropy)


RECURRENT: tuple[Standard, ...] = (
    _classifier("LSTM, 3 layers", Recurrent, kind="LSTM", layers=3),
    _classifier("LSTM, bidirectional", Recurrent, kind="LSTM", bidirectional=True),
    _classifier("GRU, 2 layers", Recurrent, kind="GRU"),
    _classifier("GRU, bidirectional", Recurrent, kind="GRU", bidirectional=True),
    _classifier("tanh RNN, 2 layers", Recurrent, kind="RNN"),
    _classifier("tanh RNN, bidirectional", Recurrent, kind="RNN", bidirectional=True),
    Standard("LSTM language model, tied", "torch.nn", LanguageModel, _next, _tokens),
    Standard("GRU with additive attention", "torch.nn", Attender, _pairs, _tokens),
    Standard("WaveNet", "torch.nn", WaveNet, _sound, F.cross_entropy),
    Standard("TCN, weight norm", "torch.nn", tcn, _sound, F.cross_entropy),
    _classifier("text CNN", TextCNN),
)
