"""Models of point sets, graphs, pairs and tables assembled from torch.nn."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard

ROWS, NODES = 32, 40


class PointNet(nn.Module):
    """Shared layers over points, a learned rotation that starts as the identity, a max pool."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(nn.Conv1d(3, 32, 1), nn.BatchNorm1d(32), nn.ReLU())
        self.turn = nn.Linear(32, 9)
        nn.init.zeros_(self.turn.weight)
        self.turn.bias.data = torch.eye(3).flatten()
        self.shared = nn.Sequential(
            nn.Conv1d(3, 32, 1), nn.BatchNorm1d(32), nn.ReLU(),
            nn.Conv1d(32, 64, 1), nn.BatchNorm1d(64), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 4)
        )

    def forward(self, points: Tensor) -> Tensor:
        rotation = self.turn(self.see(points).amax(2)).view(-1, 3, 3)
        out: Tensor = self.head(self.shared(rotation @ points).amax(2))
        return out


class DeepSets(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(3, 32), nn.ELU(), nn.Linear(32, 32), nn.ELU())
        self.all = nn.Sequential(nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 4))

    def forward(self, points: Tensor) -> Tensor:
        out: Tensor = self.all(self.each(points.transpose(1, 2)).mean(1))
        return out


class GCN(nn.Module):
    """Two graph convolutions over a dense normalised adjacency."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 32, bias=False), nn.Linear(32, 4, bias=False)
        nn.init.xavier_uniform_(self.first.weight)
        nn.init.xavier_uniform_(self.second.weight)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        x = F.relu(adjacency @ self.first(nodes))
        out: Tensor = adjacency @ self.second(F.dropout(x, 0.5, self.training))
        return out


class GAT(nn.Module):
    """Two layers of graph attention with four heads."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 4 * 8, bias=False), nn.Linear(32, 4, bias=False)
        self.score1 = nn.Parameter(torch.empty(2, 4, 8))
        self.score2 = nn.Parameter(torch.empty(2, 1, 4))
        nn.init.xavier_uniform_(self.score1)
        nn.init.xavier_uniform_(self.score2)

    @staticmethod
    def _attend(x: Tensor, score: Tensor, edges: Tensor) -> Tensor:
        x = x.view(len(x), *score.shape[1:])
        near, far = (x * score[0]).sum(-1), (x * score[1]).sum(-1)
        energy = F.leaky_relu(near.unsqueeze(1) + far.unsqueeze(0), 0.2)
        weight = energy.masked_fill(~edges.unsqueeze(-1), -1e9).softmax(1)
        return torch.einsum("ijh,jhd->ihd", weight, x).flatten(1)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        edges = adjacency > 0
        x = F.elu(self._attend(self.first(nodes), self.score1, edges))
        return self._attend(self.second(x), self.score2, edges)


class WideAndDeep(nn.Module):
    """A linear part over crossed features, and embeddings into an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.EmbeddingBag(1000, 1, mode="sum")
        self.embeddings = nn.ModuleList(nn.Embedding(rows, 8) for rows in (500, 200, 20))
        self.deep = nn.Sequential(
            nn.Linear(24 + 5, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1)
        )

    def forward(self, crossed: Tensor, kinds: Tensor, numbers: Tensor) -> Tensor:
        looked_up = [table(kinds[:, i]) for i, table in enumerate(self.embeddings)]
        out: Tensor = self.wide(crossed) + self.deep(torch.cat([*looked_up, numbers], 1))
        return out.squeeze(1)


class DLRM(nn.Module):
    """Embeddings and a bottom MLP, their inner products into a top MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(rows, 16) for rows in (500, 200, 20))
        for table in self.tables:
            assert isinstance(table, nn.Embedding)
            nn.init.uniform_(table.weight, -(table.num_embeddings**-0.5), 0.045)
        self.bottom = nn.Sequential(nn.Linear(5, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.top = nn.Sequential(nn.Linear(16 + 6, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, kinds: Tensor, numbers: Tensor) -> Tensor:
        dense = self.bottom(numbers)
        looked_up = [table(kinds[:, i]) for i, table in enumerate(self.tables)]
        vectors = torch.stack([dense, *looked_up], 1)
        products = vectors @ vectors.transpose(1, 2)
        rows, columns = torch.triu_indices(4, 4, offset=1)
        out: Tensor = self.top(torch.cat([dense, products[:, rows, columns]], 1))
        return out.squeeze(1)


class Factorisation(nn.Module):
    """Matrix factorisation with biases, its vectors starting at a hundredth."""

    def __init__(self) -> None:
        super().__init__()
        self.users, self.items = nn.Embedding(100, 8), nn.Embedding(200, 8)
        self.user_bias, self.item_bias = nn.Embedding(100, 1), nn.Embedding(200, 1)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.01)
        for table in (self.user_bias, self.item_bias):
            nn.init.zeros_(table.weight)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        bias = self.user_bias(users) + self.item_bias(items)
        out: Tensor = (self.users(users) * self.items(items)).sum(1) + bias.squeeze(1)
        return out


class TwoTowers(nn.Module):
    """Two encoders and a temperature, in-batch negatives."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Linear(20, 64), nn.GELU(), nn.Linear(64, 16))
        self.right = nn.Sequential(
            nn.Linear(50, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 16)
        )
        self.temperature = nn.Parameter(torch.tensor(2.66))

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        a, b = F.normalize(self.left(left), dim=1), F.normalize(self.right(right), dim=1)
        logits = self.temperature.exp() * a @ b.T
        pairs = torch.arange(len(a))
        return {"loss": (F.cross_entropy(logits, pairs) + F.cross_entropy(logits.T, pairs)) / 2}


class Gated(nn.Module):
    """Eight experts, of which each row takes one."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(16, 8)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16)) for _ in range(8)
        )
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        weight, chosen = self.router(x).softmax(1).max(1)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            rows = (chosen == index).nonzero().squeeze(1)
            if len(rows):
                out = out.index_add(0, rows, weight[rows].unsqueeze(1) * expert(x[rows]))
        logits: Tensor = self.head(x + out)
        return logits


def _clouds() -> tuple[Tensor, Tensor]:
    return torch.randn(ROWS, 3, 64), torch.randint(0, 4, (ROWS,))


def _graph() -> tuple[Tensor, Tensor, Tensor]:
    linked = (torch.rand(NODES, NODES) < 0.1).float()
    linked = ((linked + linked.T + torch.eye(NODES)) > 0).float()
    root = linked.sum(1).rsqrt()
    return torch.randn(NODES, 16), root[:, None] * linked * root, torch.randint(0, 4, (NODES,))


def _table() -> tuple[Tensor, ...]:
    kinds = torch.stack([torch.randint(0, rows, (ROWS,)) for rows in (500, 200, 20)], 1)
    crossed = torch.randint(0, 1000, (ROWS, 3))
    return crossed, kinds, torch.randn(ROWS, 5), torch.rand(ROWS).round()


def _ratings() -> tuple[Tensor, ...]:
    return torch.randint(0, 100, (ROWS,)), torch.randint(0, 200, (ROWS,)), 1 + 4 * torch.rand(ROWS)


def _pairs() -> tuple[Tensor, Tensor]:
    return torch.randn(ROWS, 20), torch.randn(ROWS, 50)


def _few() -> tuple[Tensor, Tensor]:
    return torch.randn(12, 16), torch.randint(0, 4, (12,))


_bce = F.binary_cross_entropy_with_logits

TABLES: tuple[Standard, ...] = (
    Standard("PointNet", "torch.nn", PointNet, _clouds, F.cross_entropy),
    Standard("deep sets", "torch.nn", DeepSets, _clouds, F.cross_entropy),
    Standard("GCN", "torch.nn", GCN, _graph, F.cross_entropy),
    Standard("GAT", "torch.nn", GAT, _graph, F.cross_entropy),
    Standard("wide and deep", "torch.nn", WideAndDeep, _table, _bce),
    Standard("DLRM", "torch.nn", DLRM, lambda: _table()[1:], _bce),
    Standard("matrix factorisation", "torch.nn", Factorisation, _ratings, F.mse_loss),
    Standard("two towers", "torch.nn", TwoTowers, _pairs),
    Standard("mixture of experts, top 1", "torch.nn", Gated, _few, F.cross_entropy),
)
