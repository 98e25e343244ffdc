"""Autoencoders: plain and convolutional, with something done to the code."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, assignment, arg-type, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case, Task
from tests.faults.making import Family, Function
from tests.faults.tasks import RECONSTRUCTION, explained, stripes


class Autoencoder(nn.Module):
    """Encoder, code, decoder, with something done to the code."""

    def __init__(
        self,
        activation: Callable[[], nn.Module] = nn.ReLU,
        code: Callable[[Tensor], Tensor] = torch.clone,
        size: int = 6,
        depth: int = 1,
    ) -> None:
        super().__init__()
        hidden = [layer for _ in range(depth - 1) for layer in (nn.Linear(32, 32), activation())]
        self.encoder = nn.Sequential(nn.Linear(32, 32), activation(), *hidden, nn.Linear(32, size))
        mirrored = [layer for _ in range(depth - 1) for layer in (nn.Linear(32, 32), activation())]
        self.decoder = nn.Sequential(
            nn.Linear(size, 32), activation(), *mirrored, nn.Linear(32, 32)
        )
        self.code = Function(code)

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.code(self.encoder(x)))


class Convolutional(nn.Module):
    """Strided convolutions down, transposed ones up."""

    def __init__(
        self,
        activation: type[nn.Module] = nn.ReLU,
        norm: type[nn.Module] = nn.Identity,
        output: Callable[[Tensor], Tensor] = torch.clone,
    ) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(1, 8, 4, 2, 1), norm(8), activation(), nn.Conv2d(8, 8, 4, 2, 1), activation()
        )
        self.up = nn.Sequential(
            nn.ConvTranspose2d(8, 8, 4, 2, 1),
            norm(8),
            activation(),
            nn.ConvTranspose2d(8, 1, 4, 2, 1),
        )
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.up(self.down(x)))


class UNet(Convolutional):
    """The same, with a skip connection past the bottleneck."""

    def forward(self, x: Tensor) -> Tensor:
        first = self.down[2](self.down[1](self.down[0](x)))
        h = self.up[0](self.down[4](self.down[3](first)))
        return self.up[3](self.up[2](self.up[1](h)) + first)


def images(seed: int) -> tuple[Tensor, Tensor]:
    """Grey stripes with noise, and the same to reproduce."""
    pictures = stripes(seed, channels=1)[0] / 2
    return pictures, pictures.clone()


def bounded(seed: int) -> tuple[Tensor, Tensor]:
    values = RECONSTRUCTION.batch(seed)[0]
    return values, (values > 0).float()


def bits_explained(model: nn.Module, batch: Any) -> float:
    return explained(nn.Sequential(model, nn.Sigmoid()), batch)


IMAGES = Task("images", images, explained, 0.0, 0.5, loss_fn=F.mse_loss, steps=300)


BITS = Task("bits", bounded, bits_explained, 0.0, 0.6, loss_fn=F.binary_cross_entropy_with_logits)


SUMMED = replace(
    RECONSTRUCTION,
    name="reconstruction, summed",
    loss_fn=lambda output, target: F.mse_loss(output, target, reduction="sum") / len(output),
)


def shut(model: Autoencoder, value: float) -> Autoencoder:
    nn.init.constant_(model.encoder[0].bias, value)
    return model


def same(model: Autoencoder) -> Autoencoder:
    for linear in (model.encoder[2], model.decoder[0], model.decoder[2]):
        nn.init.constant_(linear.weight, 0.1)
        nn.init.zeros_(linear.bias)
    return model


case = Family("autoencoder", RECONSTRUCTION)

CASES: tuple[Case, ...] = (
    case("plain", "plain", Autoencoder),
    case("plain_tanh_2", "plain", lambda: Autoencoder(nn.Tanh, depth=2)),
    case("plain_summed", "plain", Autoencoder, task=SUMMED),
    case("plain_bits", "plain", Autoencoder, task=BITS),
    case(
        "sigmoid_5",
        "plain",
        lambda: Autoencoder(nn.Sigmoid, depth=5),
        "vanishing",
        "encoder.0",
        also="collapse",
    ),
    case(
        "detached_code", "code", lambda: Autoencoder(code=torch.detach), "disconnected", "encoder"
    ),
    case("rounded_code", "code", lambda: Autoencoder(code=torch.round), "vanishing", "encoder"),
    case("softmax_code", "code", lambda: Autoencoder(code=lambda z: 6 * z.softmax(-1))),
    case(
        "softmax_of_one",
        "code",
        lambda: Autoencoder(code=lambda z: z.softmax(-1), size=1),
        "collapse",
        "encoder",
    ),
    case("normalised_code", "code", lambda: Autoencoder(code=lambda z: 2 * F.normalize(z, dim=-1))),
    case(
        "normalised_by_zero_norm",
        "code",
        lambda: Autoencoder(
            code=lambda z: F.relu(z - 50) / F.relu(z - 50).norm(dim=-1, keepdim=True)
        ),
        "nonfinite",
        "code",
    ),
    case(
        "averaged_code",
        "code",
        lambda: Autoencoder(code=lambda z: z.mean(0, keepdim=True).expand_as(z)),
        "collapse",
        "code",
    ),
    case(
        "saturated_code",
        "code",
        lambda: Autoencoder(code=lambda z: torch.tanh(z + 30)),
        "saturation",
        "encoder",
        also="collapse vanishing",
    ),
    case("tanh_code", "code", lambda: Autoencoder(code=torch.tanh)),
    case(
        "shut_encoder",
        "bias",
        lambda: shut(Autoencoder(), -30.0),
        "dead_units",
        "encoder.0 encoder.1",
        also="collapse",
    ),
    case("ajar_encoder", "bias", lambda: shut(Autoencoder(), -0.1)),
    case("constant_code", "constant", lambda: same(Autoencoder()), "symmetry", "encoder.2"),
    case("convolutional", "convolutional", Convolutional, task=IMAGES),
    case(
        "convolutional_batchnorm",
        "convolutional",
        lambda: Convolutional(norm=nn.BatchNorm2d),
        task=IMAGES,
    ),
    case(
        "convolutional_tanh_output",
        "convolutional",
        lambda: Convolutional(output=torch.tanh),
        task=IMAGES,
    ),
    case(
        "convolutional_relu_output",
        "convolutional",
        lambda: Convolutional(output=lambda y: F.relu(y - 20)),
        "dead_units",
        "up",
        IMAGES,
    ),
    case("unet", "convolutional", UNet, task=IMAGES),
)
