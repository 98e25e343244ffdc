"""Graph networks that weigh their edges: by degree, by attention, by a learned threshold."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.graph import WIDTH, GraphConv, case
from tests.faults.tasks_sequence import LOOSE_NODES


class SymmetricNorm(nn.Module):
    """Degrees to the power of minus a half on both sides; no edge gives infinity times zero."""

    def __init__(self, *, fill: bool) -> None:
        super().__init__()
        self.fill = fill

    def forward(self, adjacency: Tensor) -> Tensor:
        factor = adjacency.sum(1).pow(-0.5)
        if self.fill:
            factor = factor.masked_fill(factor.isinf(), 0.0)
        return factor.unsqueeze(1) * adjacency * factor


class MeanOfNeighbours(nn.Module):
    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.at_least = at_least

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return adjacency @ x / adjacency.sum(1, keepdim=True).clamp(min=self.at_least)


class Kipf(nn.Module):
    """Two convolutions over an adjacency that is normalised here; own features are added."""

    def __init__(self, *, fill: bool) -> None:
        super().__init__()
        self.normalise = SymmetricNorm(fill=fill)
        self.self1, self.conv1 = nn.Linear(16, WIDTH), GraphConv(16, WIDTH)
        self.self2, self.conv2 = nn.Linear(WIDTH, 4), GraphConv(WIDTH, 4)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        adjacency = self.normalise(adjacency)
        x = F.relu(self.self1(x) + self.conv1(x, adjacency))
        return self.self2(x) + self.conv2(x, adjacency)


class Sage(nn.Module):
    """Own features beside the mean of the neighbours'."""

    def __init__(self, at_least: float) -> None:
        super().__init__()
        self.aggregate = MeanOfNeighbours(at_least)
        self.lin1, self.lin2 = nn.Linear(32, WIDTH), nn.Linear(2 * WIDTH, 4)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        x = torch.relu(self.lin1(torch.cat([x, self.aggregate(x, adjacency)], dim=1)))
        return self.lin2(torch.cat([x, self.aggregate(x, adjacency)], dim=1))


class AttentionWeights(nn.Module):
    """Scores of edges; a node without any is a row of minus infinities."""

    def __init__(self, width: int, masked: float) -> None:
        super().__init__()
        self.source, self.target = nn.Linear(width, 1), nn.Linear(width, 1)
        self.masked = masked

    def forward(self, h: Tensor, adjacency: Tensor) -> Tensor:
        scores = F.leaky_relu(self.source(h) + self.target(h).T, 0.2)
        return scores.masked_fill(adjacency == 0, self.masked).softmax(dim=1)


class Gat(nn.Module):
    """Two heads of graph attention and a skip."""

    def __init__(self, masked: float = -torch.inf) -> None:
        super().__init__()
        self.project = nn.Linear(16, WIDTH)
        self.heads = nn.ModuleList([AttentionWeights(WIDTH, masked) for _ in range(2)])
        self.out = nn.Linear(3 * WIDTH, 4)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        h = F.elu(self.project(x))
        return self.out(torch.cat([h, *(head(h, adjacency) @ h for head in self.heads)], dim=1))


class Pruned(nn.Module):
    """Learns which edges to use, by a threshold or by a factor."""

    def __init__(self, *, hard: bool) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(16, 8), nn.Tanh())
        self.conv, self.out = GraphConv(16, WIDTH), nn.Linear(WIDTH, 4)
        self.hard = hard

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        code = self.score(x)
        keep = torch.sigmoid(code @ code.T)
        if self.hard:
            keep = (keep > 0.5).float()
        adjacency = adjacency * keep
        adjacency = adjacency / (adjacency.sum(1, keepdim=True) + 1e-6)
        return self.out(F.relu(self.conv(x, adjacency)))


CASES: tuple[Case, ...] = (
    case(
        "degree_to_minus_half",
        "degrees",
        lambda: Kipf(fill=False),
        "nonfinite",
        "normalise",
        LOOSE_NODES,
    ),
    case("degree_to_minus_half_filled", "degrees", lambda: Kipf(fill=True), task=LOOSE_NODES),
    case(
        "mean_of_no_neighbour", "degrees", lambda: Sage(0.0), "nonfinite", "aggregate", LOOSE_NODES
    ),
    case("mean_of_neighbours", "degrees", lambda: Sage(1.0), task=LOOSE_NODES),
    case("attention", "attention", Gat),
    case("attention_no_edge", "attention", Gat, "nonfinite", "heads.0", LOOSE_NODES),
    case("attention_no_edge_lowest", "attention", lambda: Gat(-1e9), task=LOOSE_NODES),
    case("edges_cut_hard", "pruned", lambda: Pruned(hard=True), "disconnected", "score"),
    case("edges_weighted", "pruned", lambda: Pruned(hard=False)),
)
