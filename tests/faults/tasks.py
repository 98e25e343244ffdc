"""The tasks the collection's models are trained on: tiny, endless, and nothing without the input.

Every task draws fresh data from a seed. Where it matters, features at random do clearly worse than
learned ones: classes are scattered over several clusters, patterns shift from image to image, and a
sequence's label hangs on its first element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Task

BATCH = 64


def generator(seed: int) -> torch.Generator:
    """A generator of its own for every batch, so that training never disturbs the data."""
    return torch.Generator().manual_seed(seed)


# How a batch reaches the model, and how well the model does: shared by all tasks.


def outputs(model: nn.Module, batch: Any) -> Any:
    """What the model answers in eval mode, called as ``diagnose`` calls it."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(**batch) if isinstance(batch, Mapping) else model(*batch[:-1])
    finally:
        model.train(training)


def main_tensor(output: Any) -> Tensor:
    """The prediction out of a tensor, a tuple, a mapping or an output object."""
    if isinstance(output, Mapping):
        output = output["logits"]
    elif isinstance(output, tuple | list):
        output = output[0]
    elif not isinstance(output, Tensor):
        output = output.logits
    assert isinstance(output, Tensor)
    return output.float()


def target_of(batch: Any) -> Tensor:
    """The last item of a tuple, the labels of a mapping."""
    target = batch["labels"] if isinstance(batch, Mapping) else batch[-1]
    assert isinstance(target, Tensor)
    return target


def accuracy(model: nn.Module, batch: Any) -> float:
    """Share of samples whose largest logit is the right one (one logit: on the right side)."""
    logits, target = main_tensor(outputs(model, batch)), target_of(batch)
    if not logits.isfinite().all():
        return math.nan
    right = (
        (logits > 0) == (target > 0.5)
        if logits.shape == target.shape
        else logits.argmax(-1) == target
    )
    return float(right.float().mean())


def explained(model: nn.Module, batch: Any) -> float:
    """Share of the target's variance explained: 1 is perfect, 0 is what its mean would get."""
    error = main_tensor(outputs(model, batch)) - target_of(batch)
    return 1.0 - float(error.square().mean() / target_of(batch).var(0).mean())


# Vectors: which cluster, or which class of clusters.


def clusters(
    name: str,
    *,
    width: int = 32,
    classes: int = 10,
    per_class: int = 1,
    noise: float = 0.7,
    scale: float = 1.0,
    shift: float = 0.0,
    learned: float = 0.9,
    batch: int = BATCH,
    steps: int = 300,
    loss_fn: Callable[..., Tensor] = F.cross_entropy,
) -> Task:
    """Gaussian clusters, ``per_class`` of them to a class: with several, no linear map will do."""
    centres = torch.randn(classes * per_class, width, generator=generator(1))

    def draw(seed: int) -> tuple[Tensor, Tensor]:
        source = generator(seed)
        which = torch.randint(0, len(centres), (batch,), generator=source)
        points = centres[which] + noise * torch.randn(batch, width, generator=source)
        return scale * points + shift, which % classes

    return Task(name, draw, accuracy, 1 / classes, learned, loss_fn=loss_fn, steps=steps)


#: Ten classes in 32 dimensions, linearly separable: any network that passes its input on.
CLUSTERS = clusters("clusters", steps=400)
#: Four classes of six clusters each in 16 dimensions: needs a hidden layer that learns.
NESTED = clusters("nested", width=16, classes=4, per_class=6, noise=0.3, learned=0.93)


def xor(seed: int) -> tuple[Tensor, Tensor]:
    """Points in 8 dimensions; positive where the first two coordinates have the same sign."""
    points = torch.randn(BATCH, 8, generator=generator(seed))
    points[:, :2] = points[:, :2].sign() * (0.5 + points[:, :2].abs())
    return points, (points[:, :1] * points[:, 1:2] > 0).float()


#: One logit for two classes, ``(batch, 1)`` targets.
XOR = Task("xor", xor, accuracy, 0.5, 0.9, loss_fn=F.binary_cross_entropy_with_logits)


# Images.


def stripes(seed: int, batch: int = 32, channels: int = 3) -> tuple[Tensor, Tensor]:
    """Stripes in one of five directions, of random phase and colour, 16 x 16, in noise."""
    source = generator(seed)
    labels = torch.randint(0, 5, (batch,), generator=source)
    angle = (labels * math.pi / 5).view(-1, 1, 1)
    phase = 2 * math.pi * torch.rand(batch, 1, 1, generator=source)
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    waves = torch.sin(1.4 * (rows * angle.sin() + columns * angle.cos()) + phase)
    colour = 0.5 + torch.rand(batch, channels, 1, 1, generator=source)
    noise = torch.randn(batch, channels, 16, 16, generator=source)
    return colour * waves.unsqueeze(1) + 0.5 * noise, labels


STRIPES = Task("stripes", stripes, accuracy, 0.2, 0.95, loss_fn=F.cross_entropy, steps=200)

_STAMPS = torch.randn(6, 5, 5, generator=generator(3)).sign()


def stamps(seed: int, batch: int = 32) -> tuple[Tensor, Tensor]:
    """One of six 5 x 5 stamps somewhere in a noisy grey image of 16 x 16."""
    source = generator(seed)
    labels = torch.randint(0, 6, (batch,), generator=source)
    images = 0.3 * torch.randn(batch, 1, 16, 16, generator=source)
    corners = torch.randint(0, 12, (batch, 2), generator=source)
    for image, label, (row, column) in zip(images, labels, corners.tolist(), strict=True):
        image[0, row : row + 5, column : column + 5] += _STAMPS[label]
    return images, labels


STAMPS = Task("stamps", stamps, accuracy, 1 / 6, 0.8, loss_fn=F.cross_entropy, steps=300)


# Regression and reconstruction.

_DIRECTIONS = torch.randn(16, 3, generator=generator(5)) / 3


def waves(seed: int) -> tuple[Tensor, Tensor]:
    """16 inputs, one output: a sum of sines of three projections."""
    points = torch.randn(BATCH, 16, generator=generator(seed))
    return points, torch.sin(points @ _DIRECTIONS).sum(1, keepdim=True)


REGRESSION = Task("regression", waves, explained, 0.0, 0.8, loss_fn=F.mse_loss, steps=400)


def line(seed: int) -> tuple[Tensor, Tensor]:
    """One positive input, four fifths of it as output."""
    points = 2 * torch.rand(BATCH, 1, generator=generator(seed))
    return points, 0.8 * points


LINE = Task("line", line, explained, 0.0, 0.9, loss_fn=F.mse_loss)

_MIXING = torch.randn(4, 32, generator=generator(7))


def curved(seed: int) -> tuple[Tensor, Tensor]:
    """32 values driven by four hidden ones; input and target are the same."""
    hidden = torch.randn(BATCH, 4, generator=generator(seed))
    values = torch.tanh(hidden @ _MIXING)
    return values, values.clone()


RECONSTRUCTION = Task("reconstruction", curved, explained, 0.0, 0.8, loss_fn=F.mse_loss)


# Sequences: the label hangs on the first element, the rest is noise.

VOCABULARY, LENGTH = 16, 12
_MEANING = torch.randperm(VOCABULARY, generator=generator(9)) % 4
_STARTS = torch.randn(4, 8, generator=generator(11))


def tokens(seed: int) -> tuple[Tensor, Tensor]:
    """Token ids ``(batch, 12)``; each of the four labels is announced by four first tokens."""
    ids = torch.randint(0, VOCABULARY, (BATCH, LENGTH), generator=generator(seed))
    return ids, _MEANING[ids[:, 0]]


TOKENS = Task("tokens", tokens, accuracy, 0.25, 0.85, loss_fn=F.cross_entropy)


def signals(seed: int, length: int = 8) -> tuple[Tensor, Tensor]:
    """Floats ``(batch, length, 8)``; the first step shows one of four patterns."""
    source = generator(seed)
    labels = torch.randint(0, 4, (BATCH,), generator=source)
    steps = 0.3 * torch.randn(BATCH, length, 8, generator=source)
    steps[:, 0] += 2 * _STARTS[labels]
    return steps, labels


SIGNALS = Task("signals", signals, accuracy, 0.25, 0.85, loss_fn=F.cross_entropy)


# Graphs: 64 nodes, edges mostly within a class, each node's own features nearly noise.

_NODE_CENTRES = torch.randn(4, 16, generator=generator(13))


def nodes(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features ``(nodes, 16)``, row-normalised adjacency with self-loops, labels."""
    source = generator(seed)
    labels = torch.randint(0, 4, (BATCH,), generator=source)
    features = _NODE_CENTRES[labels] + 2.0 * torch.randn(BATCH, 16, generator=source)
    same = labels[:, None] == labels[None, :]
    edges = torch.rand(BATCH, BATCH, generator=source) < torch.where(same, 0.4, 0.03)
    adjacency = (edges | edges.T | torch.eye(BATCH, dtype=torch.bool)).float()
    return features, adjacency / adjacency.sum(1, keepdim=True), labels


NODES = Task("nodes", nodes, accuracy, 0.25, 0.9, loss_fn=F.cross_entropy)


# Denoising: the noise is predicted from the noisy point and the time.

_PLANE = torch.linalg.qr(torch.randn(8, 2, generator=generator(15)))[0].T


def noised(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Points on a circle in 8 dimensions, noised up to a time in (0, 1); times; the noise."""
    source = generator(seed)
    angle = 2 * math.pi * torch.rand(2 * BATCH, 1, generator=source)
    clean = 2.0 * torch.cat([angle.cos(), angle.sin()], 1) @ _PLANE
    times = 0.05 + 0.9 * torch.rand(2 * BATCH, generator=source)
    noise = torch.randn(2 * BATCH, 8, generator=source)
    keep = (0.5 * math.pi * times).cos().unsqueeze(1)
    return keep * clean + (1 - keep.square()).sqrt() * noise, times, noise


DENOISING = Task("denoising", noised, explained, 0.0, 0.7, loss_fn=F.mse_loss, steps=400)


# Policies: one action, one reward.


def observations(seed: int) -> tuple[Tensor, Tensor]:
    """What is seen, and the action that pays."""
    return NESTED.batch(seed)  # type: ignore[no-any-return]


def reinforce(model: Any, batch: Any) -> Tensor:
    """One step of REINFORCE: reward 1 for the right action, the batch's mean as baseline."""
    seen, right = batch
    logits = main_tensor(model(seen))
    # A policy of NaN may do anything here: its loss is NaN all the same.
    actions = torch.multinomial(logits.detach().softmax(-1).nan_to_num(1.0), 1).squeeze(1)
    rewards = (actions == right).float()
    chosen = logits.log_softmax(-1).gather(1, actions.unsqueeze(1)).squeeze(1)
    loss: Tensor = -((rewards - rewards.mean()) * chosen).mean()
    return loss


POLICY = Task("policy", observations, accuracy, 0.25, 0.85, step=reinforce, steps=400)
