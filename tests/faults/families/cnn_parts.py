"""Convolutional classifiers with one part that is broken, or only unusual."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, index, arg-type, operator, union-attr"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.faults.case import Case
from tests.faults.families.cnn import VGG
from tests.faults.making import Family, Function
from tests.faults.tasks import STAMPS, STRIPES


class Small(nn.Module):
    """Three named blocks, with a hook for what goes wrong between the second and the third."""

    def __init__(
        self,
        between: Callable[[Tensor], Tensor] = torch.clone,
        *,
        last_norm: nn.Module | None = None,
        channels: int = 3,
        classes: int = 5,
    ) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(channels, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU()
        )
        self.layer2 = nn.Sequential(
            nn.Conv2d(12, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.layer3 = nn.Sequential(
            nn.Conv2d(12, 16, 3, padding=1), last_norm or nn.BatchNorm2d(16), nn.ReLU()
        )
        self.fc = nn.Linear(16, classes)
        self.between = Function(between)

    def forward(self, x: Tensor) -> Tensor:
        x = self.between(self.layer2(self.layer1(x)))
        return self.fc(F.adaptive_max_pool2d(self.layer3(x), 1).flatten(1))


def sparse(x: Tensor) -> Tensor:
    """Only what stands out; in some maps nothing does."""
    return F.relu(x - 2.0)


def with_bias(value: float, *names: str) -> Small:
    """BatchNorm biases of that value in these layers."""
    model = Small()
    for name in names:
        nn.init.constant_(model.get_submodule(name)[1].bias, value)
    return model


class Checkpointed(Small):
    """Recomputes its layers backward, to save memory."""

    def forward(self, x: Tensor) -> Tensor:
        for layer in (self.layer1, self.layer2, self.layer3):
            x = checkpoint(layer, x, use_reentrant=False)
        return self.fc(x.amax((2, 3)))


class Frozen(Small):
    """Transfer learning: the first layer stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1.requires_grad_(False)


class TwoHeads(nn.Module):
    """A main and an auxiliary classifier; the loss weighs them."""

    def __init__(self, *, detach: bool = False) -> None:
        super().__init__()
        self.trunk = VGG(3, "batch").features
        self.auxiliary = nn.Linear(12, 5)
        self.project = nn.Conv2d(12, 16, 1)
        self.main = nn.Linear(16, 5)
        self.detach = detach

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.trunk(x)
        deep = F.relu(self.project(h)).mean((2, 3))
        if self.detach:
            deep = deep.detach()
        return self.main(deep), self.auxiliary(h.mean((2, 3)))


def both_heads(outputs: tuple[Tensor, Tensor], target: Tensor) -> Tensor:
    return F.cross_entropy(outputs[0], target) + 0.3 * F.cross_entropy(outputs[1], target)


class Standardised(nn.Module):
    """Standardises each channel of each map before it pools, by its own statistics."""

    def __init__(self, axes: tuple[int, ...], epsilon: float = 1e-5) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 5, padding=2)
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.scale = SpatialNorm(axes, epsilon)
        self.fc = nn.Sequential(nn.Flatten(), nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.scale(self.pool(F.relu(self.stem(x)))))


class SpatialNorm(nn.Module):
    def __init__(self, axes: tuple[int, ...], epsilon: float) -> None:
        super().__init__()
        self.axes, self.epsilon = axes, epsilon

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(self.axes, keepdim=True)
        return centred / (centred.square().mean(self.axes, keepdim=True) + self.epsilon).sqrt()


def step_of(rate: float) -> Small:
    """A network somebody began to train at a rate that is far too high."""
    model = Small(last_norm=nn.Identity())
    optimizer = torch.optim.SGD(model.parameters(), rate)
    for seed in range(-3, 0):
        images, labels = STRIPES.batch(seed)
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


TWO_HEADS = replace(STRIPES, name="stripes, two heads", loss_fn=both_heads)


SUMMED = replace(
    STRIPES,
    name="stripes, summed loss",
    loss_fn=lambda logits, target: F.cross_entropy(logits, target, reduction="sum"),
)


SMOOTHED = replace(
    STRIPES,
    name="stripes, smoothed labels",
    loss_fn=lambda logits, target: F.cross_entropy(logits, target, label_smoothing=0.2),
)


def zeros_at_gamma(model: Small) -> Small:
    nn.init.zeros_(model.layer3[1].weight)
    return model


class Sqrt(nn.Module):
    """Signed square root of the pooled features, as bilinear pooling has it."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * (x.abs() + self.epsilon).sqrt()


case = Family("cnn", STRIPES)

CASES: tuple[Case, ...] = (
    case("small", "small", Small),
    case("small_stamps", "small", lambda: Small(channels=1, classes=6), task=STAMPS),
    case("small_detached", "small", lambda: Small(torch.detach), "disconnected", "layer2 between"),
    case(
        "small_detached_stamps",
        "small",
        lambda: Small(lambda x: x.data.clone(), channels=1, classes=6),
        "disconnected",
        "layer2 between",
        task=STAMPS,
    ),
    case(
        "small_beta_minus_10",
        "small",
        lambda: with_bias(-10.0, "layer2"),
        "dead_units",
        "layer2",
        also="collapse",
    ),
    case("small_beta_minus_half", "small", lambda: with_bias(-0.5, "layer2", "layer3")),
    case("small_gamma_zero", "small", lambda: zeros_at_gamma(with_bias(0.1, "layer3"))),
    case(
        "small_all_dead",
        "small",
        lambda: with_bias(-20.0, "layer1", "layer2", "layer3"),
        "dead_units",
        "layer1",
        also="collapse",
    ),
    case("small_halved", "small", lambda: Small(lambda x: x / 2)),
    case(
        "small_over_batch",
        "small",
        lambda: Small(lambda x: x.mean(0, keepdim=True).expand_as(x)),
        "collapse",
        "between layer3",
    ),
    case(
        "small_nan_pixels",
        "small",
        lambda: Small(lambda x: sparse(x) / sparse(x).amax((2, 3), keepdim=True)),
        "nonfinite",
        "between",
    ),
    case(
        "small_scaled_pixels",
        "small",
        lambda: Small(lambda x: sparse(x) / (sparse(x).amax((2, 3), keepdim=True) + 0.1)),
    ),
    case(
        "after_a_step_of_100",
        "step",
        lambda: step_of(100.0),
        "dead_units",
        "layer3",
        also="collapse",
    ),
    case("after_a_step_of_0_1", "step", lambda: step_of(0.1)),
    case("checkpointed", "checkpointed", Checkpointed),
    case("frozen_first_layer", "frozen", Frozen),
    case("two_heads", "two heads", TwoHeads, task=TWO_HEADS),
    case(
        "two_heads_detached",
        "two heads",
        lambda: TwoHeads(detach=True),
        "disconnected",
        "project",
        task=TWO_HEADS,
    ),
    case("summed_loss", "loss", lambda: VGG(3, "batch"), task=SUMMED),
    case("smoothed_labels", "loss", lambda: VGG(3, "batch"), task=SMOOTHED),
    case(
        "norm_of_one_pixel",
        "norm",
        lambda: Standardised((2, 3)),
        "collapse",
        "scale",
        also="vanishing",
    ),
    case("norm_over_channels", "norm", lambda: Standardised((1, 2, 3))),
    case("signed_sqrt", "sqrt", lambda: nn.Sequential(VGG(3, "batch"), Sqrt(0.0))),
    # Hardtanh's own backward pass writes zeros where it was shut, dropout's multiplies by zero.
    case(
        "signed_sqrt_of_relu",
        "sqrt",
        lambda: nn.Sequential(VGG(3, classes=16), nn.Hardtanh(0, 8), Sqrt(0.0), nn.Linear(16, 5)),
    ),
    case(
        "signed_sqrt_of_dropout",
        "sqrt",
        lambda: nn.Sequential(
            VGG(3, "batch", classes=16), nn.Dropout(), Sqrt(0.0), nn.Linear(16, 5)
        ),
        "nonfinite",
        "2",
    ),
    case(
        "signed_sqrt_of_dropout_eps",
        "sqrt",
        lambda: nn.Sequential(
            VGG(3, "batch", classes=16), nn.Dropout(), Sqrt(1e-3), nn.Linear(16, 5)
        ),
    ),
)
