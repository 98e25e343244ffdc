"""Autoencoders of other kinds: tied, variational, vector-quantised, sparse, of sines."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, assignment, arg-type, operator"

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import RECONSTRUCTION, explained


class Tied(nn.Module):
    """The decoder is the encoder's transpose, as it is or as a copy made at every call."""

    def __init__(self, *, copied: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(6, 32))
        nn.init.orthogonal_(self.weight)
        self.bias = nn.Parameter(torch.zeros(32))
        self.copied = copied

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.tensor(self.weight.tolist()) if self.copied else self.weight
        return F.linear(F.linear(x, weight), weight.T, self.bias)


@dataclass
class Output:
    """As model libraries put out: prediction and loss."""

    loss: Tensor
    logits: Tensor


class Variational(nn.Module):
    """Mean and log variance of a code; the variance as an exponential or something else."""

    def __init__(
        self, variance: str = "log", *, beta: float = 0.01, sample: bool = True, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(32, 32), nn.ReLU())
        self.mu, self.spread = nn.Linear(32, 6), nn.Linear(32, 6)
        self.decoder = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 32))
        self.variance, self.beta, self.sample, self.gain = variance, beta, sample, gain
        if variance == "log":
            nn.init.constant_(self.spread.bias, -2.0)

    def forward(self, x: Tensor, target: Tensor) -> Output:
        h = self.encoder(x)
        mu, spread = self.mu(h), self.gain * self.spread(h)
        if self.variance == "log":
            variance = spread.exp()
            entropy = spread
        else:
            variance = F.relu(spread) if self.variance == "relu" else F.softplus(spread) + 1e-4
            entropy = variance.log()
        z = mu + variance.sqrt() * torch.randn_like(mu) if self.sample else mu
        if not self.training:
            z = mu
        reconstruction = self.decoder(z)
        divergence = 0.5 * (mu.square() + variance - 1 - entropy).mean()
        loss = F.mse_loss(reconstruction, target) + self.beta * divergence
        return Output(loss, reconstruction)


class Sampled(Variational):
    """Draws its code from a distribution object, with or without the reparametrisation."""

    def __init__(self, *, reparametrised: bool) -> None:
        super().__init__()
        self.reparametrised = reparametrised

    def forward(self, x: Tensor, target: Tensor) -> Output:
        h = self.encoder(x)
        normal = torch.distributions.Normal(self.mu(h), 0.1 + F.softplus(self.spread(h)))
        z = normal.rsample() if self.reparametrised else normal.sample()
        reconstruction = self.decoder(z)
        return Output(F.mse_loss(reconstruction, target), reconstruction)


class Quantised(nn.Module):
    """A code book; gradients pass it straight through, or do not."""

    def __init__(self, *, straight_through: bool) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 16))
        self.decoder = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32))
        self.book = nn.Embedding(16, 4)
        self.straight_through = straight_through

    def forward(self, x: Tensor, target: Tensor) -> dict[str, Tensor]:
        z = self.encoder(x).view(len(x), 4, 4)
        distance = (z.unsqueeze(2) - self.book.weight).square().sum(-1)
        quantised = self.book(distance.argmin(-1))
        loss = F.mse_loss(quantised, z.detach())
        if self.straight_through:
            loss = loss + 0.25 * F.mse_loss(z, quantised.detach())
            quantised = z + (quantised - z).detach()
        logits = self.decoder(quantised.flatten(1))
        return {"loss": loss + F.mse_loss(logits, target), "logits": logits}


class Siren(nn.Module):
    """Sines, with the initialisation that belongs to them."""

    def __init__(self, omega: float = 30.0, *, init: bool = True) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(32, 32), nn.Linear(32, 6), nn.Linear(6, 32)])
        self.final = nn.Linear(32, 32)
        self.omega = omega
        for layer in self.layers if init else []:
            nn.init.uniform_(layer.weight, -1, 1)
            layer.weight.data *= math.sqrt(6 / layer.in_features) / omega
            layer.bias.data /= omega

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.sin(self.omega * layer(x))
        return self.final(x)


class Sparse(nn.Module):
    """Keeps the largest entries of a wide code."""

    def __init__(self, keep: int) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(32, 64), nn.Linear(64, 32)
        self.keep = keep

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.encode(x))
        top = h.topk(self.keep, dim=-1)
        return self.decode(torch.zeros_like(h).scatter(-1, top.indices, top.values))


def own_score(model: nn.Module, batch: Any) -> float:
    """Models that return their loss take the target as well; otherwise the same score."""
    return explained(_Called(model), batch)


class _Called(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Any:
        return self.model(x, x)


OWN_LOSS = replace(RECONSTRUCTION, name="reconstruction, own loss", loss_fn=None, score=own_score)


case = Family("autoencoder", RECONSTRUCTION)

CASES: tuple[Case, ...] = (
    case("tied", "tied", Tied),
    case("tied_copy", "tied", lambda: Tied(copied=True), "disconnected", "weight"),
    case("variational", "variational", Variational, task=OWN_LOSS),
    case("variational_softplus", "variational", lambda: Variational("softplus"), task=OWN_LOSS),
    case(
        "variational_relu",
        "variational",
        lambda: Variational("relu"),
        "nonfinite",
        "spread",
        OWN_LOSS,
    ),
    case(
        "variational_overflow",
        "variational",
        lambda: Variational(gain=1e3),
        "nonfinite",
        "spread",
        OWN_LOSS,
    ),
    case("variational_beta_1", "variational", lambda: Variational(beta=1.0), task=OWN_LOSS),
    case("rsample", "sampled", lambda: Sampled(reparametrised=True), task=OWN_LOSS),
    case(
        "sample",
        "sampled",
        lambda: Sampled(reparametrised=False),
        "disconnected",
        "mu spread",
        OWN_LOSS,
    ),
    case("quantised", "quantised", lambda: Quantised(straight_through=True), task=OWN_LOSS),
    case(
        "quantised_cut",
        "quantised",
        lambda: Quantised(straight_through=False),
        "disconnected",
        "encoder",
        OWN_LOSS,
    ),
    case("siren", "siren", Siren),
    case("siren_default_init", "siren", lambda: Siren(init=False), "exploding", "layers.0"),
    case("sparse", "sparse", lambda: Sparse(8)),
)
