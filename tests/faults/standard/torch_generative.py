"""Generative models assembled from torch.nn: codes, pixels, diffusion, flows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard

CLASSES = 10


class VAE(nn.Module):
    def __init__(self, latent: int = 8) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
            nn.Flatten(),
        )  # fmt: skip
        self.mean = nn.Linear(32 * 64, latent)
        self.log_variance = nn.Linear(32 * 64, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, 32 * 64), nn.ReLU(), nn.Unflatten(1, (32, 8, 8)),
            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        hidden = self.encoder(x)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        wrong = F.binary_cross_entropy_with_logits(self.decoder(code), x, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_variance - mean.square() - log_variance.exp())
        return {"loss": (wrong + divergence) / len(x)}


class VQVAE(nn.Module):
    """Straight-through codes; most of the codebook is not chosen by a small batch."""

    def __init__(self, codes: int = 64, width: int = 16) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1), nn.ReLU(), nn.Conv2d(width, width, 4, 2, 1)
        )
        self.codebook = nn.Embedding(codes, width)
        nn.init.uniform_(self.codebook.weight, -1 / codes, 1 / codes)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(width, width, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        z = self.encoder(x)
        flat = z.permute(0, 2, 3, 1).flatten(0, 2)
        nearest = torch.cdist(flat, self.codebook.weight).argmin(1)
        chosen = self.codebook(nearest)
        commitment = F.mse_loss(chosen, flat.detach()) + 0.25 * F.mse_loss(flat, chosen.detach())
        passed = flat + (chosen - flat).detach()
        batch, width, rows, columns = z.shape
        passed = passed.view(batch, rows, columns, width).permute(0, 3, 1, 2)
        return {"loss": F.mse_loss(self.decoder(passed), x) + commitment}


class MaskedConv(nn.Conv2d):
    """PixelCNN: sees only pixels above and to the left."""

    def __init__(self, kind: str, inner: int, outer: int, size: int) -> None:
        super().__init__(inner, outer, size, padding=size // 2)
        mask = torch.ones_like(self.weight)
        mask[:, :, size // 2, size // 2 + (kind == "B") :] = 0
        mask[:, :, size // 2 + 1 :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.mask, Tensor)
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


def pixel_cnn() -> nn.Module:
    layers: list[nn.Module] = [MaskedConv("A", 1, 16, 7)]
    for _ in range(6):
        layers += [nn.BatchNorm2d(16), nn.ReLU(), MaskedConv("B", 16, 16, 7)]
    return nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(16, 1, 1))


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class DiTBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU("tanh"), nn.Linear(4 * width, width)
        )
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        nn.init.zeros_(self.modulation[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.modulation[1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition).chunk(6, 1)
        y = modulate(self.norm1(x), shift1, scale1)
        x = x + gate1.unsqueeze(1) * self.attention(y, y, y, need_weights=False)[0]
        y = self.mlp(modulate(self.norm2(x), shift2, scale2))
        out: Tensor = x + gate2.unsqueeze(1) * y
        return out


class DiT(nn.Module):
    """adaLN-zero: every gate, every modulation and the last layer start at zero."""

    def __init__(self, width: int = 64, depth: int = 6, patch: int = 4) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.position = nn.Parameter(0.02 * torch.randn(1, 16, width), requires_grad=False)
        self.time = nn.Sequential(nn.Linear(32, width), nn.SiLU(), nn.Linear(width, width))
        self.label = nn.Embedding(CLASSES, width)
        self.blocks = nn.ModuleList(DiTBlock(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.last = nn.Linear(width, 3 * patch * patch)
        for layer in (self.modulation[1], self.last):
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        angles = times.unsqueeze(1) * torch.exp(-torch.linspace(0, 6, 16))
        condition = self.time(torch.cat([angles.sin(), angles.cos()], 1)) + self.label(labels)
        x = self.patches(x).flatten(2).transpose(1, 2) + self.position
        for block in self.blocks:
            x = block(x, condition)
        shift, scale = self.modulation(condition).chunk(2, 1)
        out: Tensor = self.last(modulate(self.norm(x), shift, scale))
        return out


class Coupling(nn.Module):
    """A RealNVP step whose last layer is zero: it starts as the identity."""

    def __init__(self, *, flip: bool) -> None:
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(
            nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 4)
        )
        nn.init.zeros_(self.net[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.net[-1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a, b = x.chunk(2, 1)
        if self.flip:
            a, b = b, a
        scale, shift = self.net(a).chunk(2, 1)
        scale = torch.tanh(scale)
        b = b * scale.exp() + shift
        return torch.cat([b, a] if self.flip else [a, b], 1), scale.sum(1)


class RealNVP(nn.Module):
    def __init__(self, steps: int = 6) -> None:
        super().__init__()
        self.steps = nn.ModuleList(Coupling(flip=bool(i % 2)) for i in range(steps))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        total = torch.zeros(len(x))
        for step in self.steps:
            x, log_determinant = step(x)
            total = total + log_determinant
        return {"loss": (0.5 * x.square().sum(1) - total).mean()}


def _grey() -> Tensor:
    return torch.rand(8, 1, 32, 32)


def _diffusion() -> tuple[Tensor, ...]:
    noise = torch.randn(8, 16, 48)
    return torch.randn(8, 3, 16, 16), torch.rand(8) * 1000, torch.randint(0, 10, (8,)), noise


def _bits() -> tuple[Tensor, Tensor]:
    bits = torch.rand(8, 1, 16, 16).round()
    return bits, bits


GENERATIVE: tuple[Standard, ...] = (
    Standard("convolutional VAE", "torch.nn", VAE, _grey),
    Standard("VQ-VAE", "torch.nn", VQVAE, _grey),
    Standard("PixelCNN", "torch.nn", pixel_cnn, _bits, F.binary_cross_entropy_with_logits),
    Standard("DiT, adaLN-zero", "torch.nn", DiT, _diffusion, F.mse_loss),
    Standard("RealNVP, zero last layers", "torch.nn", RealNVP, lambda: torch.randn(64, 4)),
)
