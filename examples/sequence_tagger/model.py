"""A recurrent tagger: a hand-written gated cell over time, a linear layer over its states."""

import torch
from torch import Tensor, nn


class GatedCell(nn.Module):
    """Half of a GRU: an update gate between the old state and a candidate (Cho et al. 2014)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.gate = nn.Linear(inputs + hidden, hidden)
        self.candidate = nn.Linear(inputs + hidden, hidden)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        seen = torch.cat([x, state], dim=-1)
        new, update = torch.tanh(self.candidate(seen)), torch.sigmoid(self.gate(seen))
        return update * new + (1 - update) * state


class Tagger(nn.Module):
    def __init__(self, vocabulary: int = 20, hidden: int = 32, tags: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.cell = GatedCell(hidden, hidden)
        self.head = nn.Linear(hidden, tags)
        nn.init.constant_(self.cell.gate.bias, -2.0)  # a new network remembers

    def forward(self, tokens: Tensor) -> Tensor:
        state = tokens.new_zeros(
            tokens.shape[0], self.cell.candidate.out_features, dtype=torch.float32
        )
        states = []
        for x in self.embedding(tokens).unbind(dim=1):
            state = self.cell(x, state)
            states.append(state)
        return self.head(torch.stack(states, dim=1))
