"""Graphs: gated sums, many hops, distances between nodes, lists of edges."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NODES
from tests.faults.tasks_sequence import counted_nodes

SIZE = 24
COUNTED = replace(NODES, name="nodes, edges as ones", batch=counted_nodes)

case = SecondFamily("graph", NODES)


class Messages(nn.Module):
    """The same message and update for several rounds; the update is a GRU or a plain sum."""

    def __init__(self, rounds: int, update: str, bias: float = 0.0) -> None:
        super().__init__()
        self.lift = nn.Linear(16, SIZE)
        self.message = nn.Linear(SIZE, SIZE)
        self.gru = nn.GRUCell(SIZE, SIZE) if update == "gru" else None
        self.answer = nn.Linear(SIZE, 4)
        self.rounds = rounds
        nn.init.constant_(self.message.bias, bias)

    def forward(self, features: Tensor, edges: Tensor) -> Tensor:
        h = self.lift(features)
        for _ in range(self.rounds):
            received = edges @ self.message(h)
            h = F.relu(h + received) if self.gru is None else self.gru(received, h)
        return self.answer(h)


class Hops(nn.Module):
    """Features are spread over many hops; a share of the start may return at every hop."""

    def __init__(self, hops: int, teleport: float) -> None:
        super().__init__()
        self.predict = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, SIZE))
        self.head = nn.Linear(SIZE, 4)
        self.hops, self.teleport = hops, teleport

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        start = h = self.predict(features)
        for _ in range(self.hops):
            h = (1 - self.teleport) * adjacency @ h + self.teleport * start
        return self.head(h)


class Distances(nn.Module):
    """Nodes listen to near nodes; each is at no distance from itself."""

    def __init__(self, eps: float) -> None:
        super().__init__()
        self.position = nn.Linear(16, 4)
        self.value = nn.Linear(16, SIZE)
        self.out = nn.Sequential(nn.ReLU(), nn.Linear(SIZE, 4))
        self.eps = eps

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        places = self.position(features)
        squares = (places[:, None] - places[None]).square().sum(-1)
        near = torch.exp(-torch.sqrt(squares + self.eps))
        weights = adjacency * near
        weights = weights / weights.sum(1, keepdim=True)
        return self.out(weights @ self.value(features))


class EdgeList(nn.Module):
    """Gathers along the edges and adds up at their ends, as libraries for graphs do."""

    def __init__(self, layers: int = 2, init: float | None = None) -> None:
        super().__init__()
        self.convs = nn.ModuleDict(
            {f"conv{i}": nn.Linear(16 if i == 0 else SIZE, SIZE) for i in range(layers)}
        )
        self.classify = nn.Linear(SIZE, 4)
        for conv in self.convs.values():
            if init is not None:
                nn.init.constant_(conv.weight, init)
                nn.init.zeros_(conv.bias)

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        ends, starts = adjacency.nonzero(as_tuple=True)
        share = adjacency[ends, starts].unsqueeze(1)
        h = features
        for conv in self.convs.values():
            sent = conv(h)[starts] * share
            h = F.relu(torch.zeros(len(h), SIZE).index_add(0, ends, sent))
        return self.classify(h)


class PairNorm(nn.Module):
    """Centres the nodes and gives them a size; the wrong axis centres each by itself."""

    def __init__(self, axis: int, size: float = 1.0) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Linear(16, SIZE), nn.Linear(SIZE, SIZE)])
        self.head = nn.Linear(SIZE, 4)
        self.axis, self.size = axis, size

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        h = features
        for conv in self.convs:
            h = conv(adjacency @ h)
            h = h - h.mean(self.axis, keepdim=True)
            h = F.relu(self.size * h / h.square().sum(1).mean().sqrt())
        return self.head(h)


CASES: tuple[Case, ...] = (
    case("gru_rounds_4", "messages", lambda: Messages(4, "gru")),
    case(
        "summed_rounds_40",
        "messages",
        lambda: Messages(40, "sum"),
        "exploding",
        "message lift",
        replace(COUNTED, steps=120),
        "nonfinite",
    ),
    case("averaged_rounds_3", "messages", lambda: Messages(3, "sum")),
    case(
        "averaged_rounds_3_bias_minus_80",
        "messages",
        lambda: Messages(3, "sum", -80.0),
        "dead_units",
        "message",
        also="collapse vanishing",
    ),
    case("hops_40_teleport", "hops", lambda: Hops(40, 0.3)),
    case(
        "hops_60",
        "hops",
        lambda: Hops(60, 0.0),
        "collapse",
        "head predict",
    ),
    case("distances_eps", "node distances", lambda: Distances(1e-6)),
    case(
        "distances",
        "node distances",
        lambda: Distances(0.0),
        "nonfinite",
        "position",
    ),
    case("edge_list", "edge list", EdgeList),
    case(
        "edge_list_constant",
        "edge list",
        lambda: EdgeList(init=0.05),
        "symmetry",
        "convs.conv0",
    ),
    case("pair_norm", "pair norm", lambda: PairNorm(0, 4.0)),
    case("pair_norm_small", "pair norm", lambda: PairNorm(0, 0.5)),
)
