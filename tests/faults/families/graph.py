"""Graph networks: smoothed until all nodes agree, divided by no neighbour, summed too often."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import NODES
from tests.faults.tasks_sequence import COUNTED_NODES

WIDTH = 32


case = Family("graph", NODES)


class GraphConv(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.linear = nn.Linear(before, after)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return adjacency @ self.linear(x)


class Gcn(nn.Module):
    """Convolutions in a list; ``norm`` and ``residual`` keep deep ones alive."""

    def __init__(
        self,
        layers: int,
        norm: Callable[[int], nn.Module] | None = None,
        *,
        residual: bool = False,
        he: bool = False,
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            [GraphConv(16 if i == 0 else WIDTH, WIDTH) for i in range(layers)]
        )
        self.norms = nn.ModuleList([norm(WIDTH) if norm else nn.Identity() for _ in self.convs])
        self.out = nn.Linear(WIDTH, 4)
        self.residual = residual
        if he:
            for conv in self.convs:
                nn.init.kaiming_normal_(conv.linear.weight, nonlinearity="relu")

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        for i, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            new = F.relu(norm(conv(x, adjacency)))
            x = x + new if self.residual and i > 0 else new
        return self.out(x)


class InitialResidual(nn.Module):
    """GCNII: every layer mixes in the first features and stays near the identity."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.first, self.out = nn.Linear(16, WIDTH), nn.Linear(WIDTH, 4)
        self.weights = nn.ParameterList(
            [nn.Parameter(nn.init.xavier_normal_(torch.empty(WIDTH, WIDTH))) for _ in range(layers)]
        )

    def forward(self, features: Tensor, adjacency: Tensor) -> Tensor:
        start = h = F.relu(self.first(features))
        for index, weight in enumerate(self.weights, 1):
            mixed = 0.8 * (adjacency @ h) + 0.2 * start
            beta = 0.5 / index
            h = F.relu((1 - beta) * mixed + beta * (mixed @ weight))
        return self.out(h)


class Propagate(nn.Module):
    """Steps of averaging without weights; ``teleport`` is the share of the start in each."""

    def __init__(self, steps: int, teleport: float) -> None:
        super().__init__()
        self.steps, self.teleport = steps, teleport

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        start = x
        for _ in range(self.steps):
            x = (1 - self.teleport) * (adjacency @ x) + self.teleport * start
        return x


class Simplified(nn.Module):
    """Averages first, classifies then."""

    def __init__(self, steps: int, teleport: float = 0.0) -> None:
        super().__init__()
        self.propagate = Propagate(steps, teleport)
        self.classify = nn.Sequential(nn.Linear(16, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        return self.classify(self.propagate(x, adjacency))


class Summed(nn.Module):
    """Adds up neighbours, which multiplies by their number in every layer (GIN)."""

    def __init__(
        self, layers: int, norm: Callable[[int], nn.Module] | None = None, he: bool = False
    ) -> None:
        super().__init__()
        self.mlps = nn.ModuleList()
        for i in range(layers):
            linear = nn.Linear(16 if i == 0 else WIDTH, WIDTH)
            if he:
                nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            self.mlps.append(
                nn.Sequential(linear, norm(WIDTH) if norm else nn.Identity(), nn.ReLU())
            )
        self.readout = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        for mlp in self.mlps:
            x = mlp(adjacency @ x)
        return self.readout(x)


class VirtualNode(nn.Module):
    """Every node hears the mean of all; as an addition harmless, in place of the node fatal."""

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self.conv = GraphConv(16, WIDTH)
        self.virtual = nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, 4)
        self.keep = keep

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        x = F.relu(self.conv(x, adjacency))
        everyone = self.virtual(x.mean(dim=0, keepdim=True)).expand_as(x)
        return self.out(F.relu(x + everyone if self.keep else everyone))


def with_bias(model: Gcn, value: float) -> Gcn:
    nn.init.constant_(model.convs[1].linear.bias, value)
    return model


CASES: tuple[Case, ...] = (
    case("gcn_2", "gcn", lambda: Gcn(2)),
    case("gcn_16", "gcn", lambda: Gcn(16), "collapse", "convs.0", also="vanishing"),
    case("gcn_16_he", "gcn", lambda: Gcn(16, he=True), "collapse", "convs.0"),
    case("gcn_6_residual_layernorm", "gcn", lambda: Gcn(6, nn.LayerNorm, residual=True)),
    case("gcn_3_batchnorm", "gcn", lambda: Gcn(3, nn.BatchNorm1d)),
    case(
        "gcn_3_bias_minus_20",
        "gcn",
        lambda: with_bias(Gcn(3), -20.0),
        "dead_units",
        "convs.1",
        also="collapse",
    ),
    case("gcn_3_bias_minus_0_1", "gcn", lambda: with_bias(Gcn(3), -0.1)),
    case("initial_residual_16", "gcn", lambda: InitialResidual(16)),
    case("averaged_2", "averaged", lambda: Simplified(2)),
    case("averaged_60", "averaged", lambda: Simplified(60), "collapse", "propagate"),
    case("averaged_60_teleport", "averaged", lambda: Simplified(60, 0.3)),
    case("summed_2", "summed", lambda: Summed(2), task=COUNTED_NODES),
    case(
        "summed_14",
        "summed",
        lambda: Summed(14, he=True),
        "exploding",
        "mlps.0",
        COUNTED_NODES,
        "collapse",
    ),
    case("summed_3_layernorm", "summed", lambda: Summed(3, nn.LayerNorm), task=COUNTED_NODES),
    case("virtual_node_only", "virtual", lambda: VirtualNode(keep=False), "collapse", "virtual"),
    case("virtual_node", "virtual", lambda: VirtualNode(keep=True)),
)
