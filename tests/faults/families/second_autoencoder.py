"""Autoencoders: variational, sparse, binary, masked, and ones that clip or clamp."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import RECONSTRUCTION

case = SecondFamily("autoencoder", RECONSTRUCTION)


class Sample(NamedTuple):
    """A reconstruction and what the encoder believes."""

    mean: Tensor
    center: Tensor
    log_variance: Tensor


class Variational(nn.Module):
    """Mean and log-variance from one layer; the variance by ``exp``, of a bounded value or not."""

    def __init__(self, *, gain: float = 1.0, bound: float | None = 6.0, deep: int = 1) -> None:
        super().__init__()
        body: list[nn.Module] = []
        for index in range(deep):
            body += [nn.Linear(32 if index == 0 else 48, 48), nn.SiLU()]
        self.encoder = nn.Sequential(*body, nn.Linear(48, 2 * 6))
        self.decoder = nn.Sequential(nn.Linear(6, 48), nn.SiLU(), nn.Linear(48, 32))
        self.bound = bound
        with torch.no_grad():
            self.encoder[-1].weight.mul_(gain)

    def forward(self, x: Tensor) -> Sample:
        center, log_variance = self.encoder(x).chunk(2, dim=1)
        if self.bound is not None:
            log_variance = log_variance.clamp(-self.bound, self.bound)
        code = center
        if self.training:
            code = center + torch.randn_like(center) * (0.5 * log_variance).exp()
        return Sample(self.decoder(code), center, log_variance)


def negative_elbo(weight: float) -> Callable[..., Tensor]:
    def loss(output: Sample, target: Tensor) -> Tensor:
        mean, center, log_variance = output
        divergence = 0.5 * (center.square() + log_variance.exp() - 1 - log_variance).sum(1)
        return F.mse_loss(mean, target) + weight * divergence.mean()

    return loss


BELIEF = replace(RECONSTRUCTION, name="variational", loss_fn=negative_elbo(1e-4), learned=0.7)
FORCED = replace(BELIEF, name="variational, weight 50", loss_fn=negative_elbo(50.0))


class Sparse(nn.Module):
    """Keeps the k largest entries of the code, as values, or only as where they are."""

    def __init__(self, keep: Callable[[Tensor, Tensor], Tensor], k: int = 8) -> None:
        super().__init__()
        self.encode = nn.Linear(32, 24)
        self.decode = nn.Linear(24, 32)
        self.keep, self.k = keep, k

    def forward(self, x: Tensor) -> Tensor:
        code = self.encode(x)
        mask = torch.zeros_like(code).scatter(1, code.abs().topk(self.k, dim=1).indices, 1.0)
        return self.decode(self.keep(code, mask))


class Binary(torch.autograd.Function):
    """A sign forward; backward the gradient goes straight through, or is masked to nothing."""

    @staticmethod
    def forward(context: Any, code: Tensor, width: float) -> Tensor:
        context.save_for_backward(code)
        context.width = width
        return torch.where(code >= 0, 1.0, -1.0)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Any:
        (code,) = context.saved_tensors
        return gradients[0] * (code.abs() <= context.width), None


class BinaryCode(nn.Module):
    """24 bits between an encoder and a decoder."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(32, 48), nn.Tanh(), nn.Linear(48, 24))
        self.decoder = nn.Sequential(nn.Linear(24, 48), nn.Tanh(), nn.Linear(48, 32))
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(Binary.apply(self.encoder(x), self.width))


class Masked(nn.Module):
    """Hides a part of the values and fills in a learned one; the target is all of them."""

    def __init__(self, share: float, *, out_of_place: bool = True) -> None:
        super().__init__()
        self.hidden_value = nn.Parameter(torch.zeros(32))
        self.body = nn.Sequential(
            nn.Linear(32, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 64), nn.GELU()
        )
        self.back = nn.Linear(64, 32)
        self.share, self.out_of_place = share, out_of_place

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.rand(x.shape, device=x.device) < (self.share if self.training else 0.0)
        if self.out_of_place:
            seen = torch.where(hidden, self.hidden_value, x)
        else:
            seen = x.clone()
            seen[hidden] = self.hidden_value.detach().expand_as(x)[hidden]
        return self.back(self.body(seen))


class Stacked(nn.Module):
    """An hourglass of many layers; the last one answers within a range."""

    def __init__(
        self, activation: nn.Module, answer: nn.Module, layers: int, factor: float = 1.0
    ) -> None:
        super().__init__()
        sizes = [32, *[24] * layers, 8, *[24] * layers]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(sizes)])
        self.activation, self.answer = activation, answer
        self.last = nn.Linear(24, 32)
        for layer in (*self.layers, self.last):
            nn.init.xavier_uniform_(layer.weight, factor)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.answer(self.last(x))


def shut(bias: float) -> nn.Module:
    """An hourglass of ReLUs; the narrow layer's biases were read from the wrong file."""
    model = Stacked(nn.ReLU(), nn.Identity(), 1, 1.4)
    nn.init.constant_(model.layers[1].bias, bias)
    return model


CASES: tuple[Case, ...] = (
    case("belief", "belief", Variational, task=BELIEF),
    case("belief_gain_5_bounded", "belief", lambda: Variational(gain=5.0, bound=2.0), task=BELIEF),
    case(
        "belief_gain_2000_unbounded",
        "belief",
        lambda: Variational(gain=2000.0, bound=None),
        "nonfinite",
        "encoder decoder",
        BELIEF,
        "exploding",
    ),
    case(
        "belief_forced_to_prior",
        "belief",
        Variational,
        "collapse",
        "encoder decoder",
        FORCED,
    ),
    case("topk_values", "topk", lambda: Sparse(lambda code, mask: code * mask)),
    case("topk_places", "topk", lambda: Sparse(lambda code, mask: mask), "disconnected", "encode"),
    case("binary_straight", "binary code", lambda: BinaryCode(1.0)),
    case(
        "binary_no_slope",
        "binary code",
        lambda: BinaryCode(0.0),
        "vanishing",
        "encoder",
    ),
    case("masked", "masked values", lambda: Masked(0.25)),
    case(
        "masked_value_detached",
        "masked values",
        lambda: Masked(0.25, out_of_place=False),
        "disconnected",
        "hidden_value",
    ),
    case("hourglass_tanh_3", "hourglass", lambda: Stacked(nn.Tanh(), nn.Tanh(), 3)),
    case(
        "hourglass_logsigmoid_8_tenth",
        "hourglass",
        lambda: Stacked(nn.LogSigmoid(), nn.Tanh(), 8, 0.1),
        "vanishing",
        "layers.0",
        also="collapse",
    ),
    case(
        "hourglass_tanh_8_gain_40",
        "hourglass",
        lambda: Stacked(nn.Tanh(), nn.Tanh(), 8, 40.0),
        "saturation",
        "layers activation",
        also="exploding vanishing",
    ),
    case("hourglass_relu_1", "hourglass of relus", lambda: shut(0.1)),
    case(
        "hourglass_relu_1_bias_minus_60",
        "hourglass of relus",
        lambda: shut(-60.0),
        "dead_units",
        "layers.1 activation",
        also="collapse vanishing",
    ),
)
