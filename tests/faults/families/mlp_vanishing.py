"""Plain networks whose early layers get next to no gradient, and deep ones that look as if."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, arg-type, operator"

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import CLUSTERS, NESTED, clusters

WIDTH = 32


def chain(
    depth: int,
    activation: Callable[[], nn.Module],
    init: Callable[[nn.Linear], object] | None = None,
    norm: Callable[[int], nn.Module] | None = None,
    width: int = WIDTH,
) -> nn.Sequential:
    """``depth`` hidden layers and a linear head for the clusters."""
    layers: list[nn.Module] = []
    for index in range(depth):
        linear = nn.Linear(32 if index == 0 else width, width)
        if init is not None:
            init(linear)
        layers += [linear, *([norm(width)] if norm else []), activation()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def he(linear: nn.Linear) -> None:
    nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
    nn.init.zeros_(linear.bias)


def xavier_tanh(linear: nn.Linear) -> None:
    nn.init.xavier_uniform_(linear.weight, gain=nn.init.calculate_gain("tanh"))
    nn.init.zeros_(linear.bias)


def lecun(linear: nn.Linear) -> None:
    nn.init.normal_(linear.weight, 0.0, linear.in_features**-0.5)
    nn.init.zeros_(linear.bias)


def orthogonal(linear: nn.Linear) -> None:
    nn.init.orthogonal_(linear.weight)
    nn.init.zeros_(linear.bias)


def small_normal(linear: nn.Linear) -> None:
    nn.init.normal_(linear.weight, 0.0, 0.01)
    nn.init.zeros_(linear.bias)


class SigmoidNet(nn.Module):
    """Hidden layers in a list and the activation as a function."""

    def __init__(self, depth: int, activation: Callable[[Tensor], Tensor] = torch.sigmoid) -> None:
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(depth)])
        self.out = nn.Linear(WIDTH, 10)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.out(x)


class ScaledBlocks(nn.Module):
    """Each block scales what it passes on; as a residual branch the same factor is harmless."""

    def __init__(self, depth: int, scale: float, *, residual: bool = False) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(depth)])
        for block in self.blocks:
            nn.init.kaiming_normal_(block.weight, nonlinearity="relu")
        self.head = nn.Linear(WIDTH, 10)
        self.scale, self.residual = scale, residual

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            new = F.relu(block(x)) * self.scale
            x = x + new if self.residual else new
        return self.head(x)


class Gated(nn.Module):
    """Every layer multiplies by a gate; a highway network passes on the rest of the input."""

    def __init__(self, depth: int, *, highway: bool = False) -> None:
        super().__init__()
        self.values = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(depth)])
        self.gates = nn.ModuleList([nn.Linear(WIDTH, WIDTH) for _ in range(depth)])
        if highway:
            for gate in self.gates:
                nn.init.constant_(gate.bias, -2.0)
        self.head = nn.Linear(WIDTH, 10)
        self.highway = highway

    def forward(self, x: Tensor) -> Tensor:
        for value, gate in zip(self.values, self.gates, strict=True):
            opened = torch.sigmoid(gate(x))
            new = torch.tanh(value(x)) * opened
            x = new + (1 - opened) * x if self.highway else new
        return self.head(x)


class Hard(nn.Module):
    """A body, an operation without a slope, a head."""

    def __init__(self, quantise: Callable[[Tensor], Tensor], *, straight_through: bool = False):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(16, 6), nn.Tanh())
        self.head = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 4))
        self.quantise, self.straight_through = quantise, straight_through

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        hard = self.quantise(h)
        return self.head(h + (hard - h).detach() if self.straight_through else hard)


class TinyMiddle(nn.Module):
    """Healthy layers around a normalisation constant that was meant for pixels."""

    def __init__(self, divisor: float) -> None:
        super().__init__()
        self.stem = chain(3, nn.ReLU, he)[:-1]
        self.tail = chain(3, nn.ReLU, he)
        self.divisor = divisor

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(self.stem(x) / self.divisor)


#: Gradients too small for normal numbers are slow to compute with, and no number of steps helps.
SHORT = clusters("clusters, fewer steps", steps=150)

case = Family("mlp", CLUSTERS)


CASES: tuple[Case, ...] = (
    case("sigmoid_2", "sigmoid", lambda: SigmoidNet(2)),
    case("sigmoid_8", "sigmoid", lambda: SigmoidNet(8), "vanishing", "hidden.0", also="collapse"),
    case("sigmoid_4", "sigmoid", lambda: SigmoidNet(4), "vanishing", "hidden.0"),
    case("sigmoid_8_batchnorm", "sigmoid", lambda: chain(8, nn.Sigmoid, norm=nn.BatchNorm1d)),
    case(
        "sigmoid_8_layernorm",
        "sigmoid",
        lambda: chain(8, nn.Sigmoid, norm=nn.LayerNorm),
        "vanishing",
        "0",
    ),
    case("tanh_5", "tanh", lambda: SigmoidNet(5, torch.tanh)),
    case(
        "tanh_30",
        "tanh",
        lambda: SigmoidNet(30, torch.tanh),
        "vanishing",
        "hidden.0",
        also="collapse",
    ),
    case("tanh_15_xavier", "tanh", lambda: chain(15, nn.Tanh, xavier_tanh)),
    case("tanh_50_orthogonal", "tanh", lambda: chain(50, nn.Tanh, orthogonal)),
    case(
        "tanh_12_small_normal",
        "tanh",
        lambda: chain(12, nn.Tanh, small_normal),
        "vanishing",
        "0",
        also="collapse",
    ),
    case("relu_20_he", "relu", lambda: chain(20, nn.ReLU, he)),
    case(
        "relu_40_default", "relu", lambda: chain(40, nn.ReLU), "vanishing", "0", SHORT, "collapse"
    ),
    case(
        "relu_100_default", "relu", lambda: chain(100, nn.ReLU), "vanishing", "0", SHORT, "collapse"
    ),
    case("relu_6_default", "relu", lambda: chain(6, nn.ReLU)),
    case("relu_12_default", "relu", lambda: chain(12, nn.ReLU), "vanishing", "0"),
    case("relu_4_small_normal", "relu", lambda: chain(4, nn.ReLU, small_normal), "vanishing", "0"),
    case("relu_20_batchnorm", "relu", lambda: chain(20, nn.ReLU, norm=nn.BatchNorm1d)),
    case(
        "gelu_40_default", "gelu", lambda: chain(40, nn.GELU), "vanishing", "0", SHORT, "collapse"
    ),
    case("gelu_10_he", "gelu", lambda: chain(10, nn.GELU, he)),
    case("silu_6_layernorm", "gelu", lambda: chain(6, nn.SiLU, norm=nn.LayerNorm)),
    case("selu_30_lecun", "selu", lambda: chain(30, nn.SELU, lecun)),
    case(
        "selu_40_default", "selu", lambda: chain(40, nn.SELU), "vanishing", "0", SHORT, "collapse"
    ),
    case("elu_8_default", "selu", lambda: chain(8, nn.ELU)),
    case(
        "softmax_hidden_5",
        "softmax",
        lambda: chain(5, lambda: nn.Softmax(dim=-1)),
        "vanishing",
        "0",
        also="collapse",
    ),
    case("softmax_hidden_1", "softmax", lambda: chain(1, lambda: nn.Softmax(dim=-1))),
    case(
        "scaled_blocks_8",
        "scaled",
        lambda: ScaledBlocks(8, 0.1),
        "vanishing",
        "blocks.0",
        also="collapse",
    ),
    case("scaled_blocks_8_residual", "scaled", lambda: ScaledBlocks(8, 0.1, residual=True)),
    case("divided_once", "divided", lambda: TinyMiddle(4.0)),
    case(
        "divided_by_pixels_squared",
        "divided",
        lambda: TinyMiddle(255.0**3),
        "vanishing",
        "stem.0 stem",
        also="collapse",
    ),
    case(
        "gated_20", "gated", lambda: Gated(20), "vanishing", "values.0 gates.0", SHORT, "collapse"
    ),
    case("gated_2", "gated", lambda: Gated(2)),
    case("highway_20", "gated", lambda: Gated(20, highway=True)),
    case("sign", "hard", lambda: Hard(torch.sign), "vanishing", "body", task=NESTED),
    case("round", "hard", lambda: Hard(torch.round), "vanishing", "body", task=NESTED),
    case(
        "floor_levels",
        "hard",
        lambda: Hard(lambda h: torch.floor(h * 4) / 4),
        "vanishing",
        "body",
        task=NESTED,
    ),
    case(
        "sign_straight_through",
        "hard",
        lambda: Hard(torch.sign, straight_through=True),
        task=NESTED,
    ),
)
