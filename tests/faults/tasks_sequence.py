"""Further tasks: masked and long sequences, a small language, loose nodes, control, games."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Task
from tests.faults.tasks import (
    BATCH,
    NESTED,
    NODES,
    SIGNALS,
    accuracy,
    explained,
    generator,
    main_tensor,
    nodes,
    outputs,
    signals,
)


def long_signals(name: str, length: int, steps: int, learned: float = 0.85) -> Task:
    """``SIGNALS``, with more noise after the first step."""
    batch = partial(signals, length=length)
    return Task(name, batch, accuracy, 0.25, learned, loss_fn=F.cross_entropy, steps=steps)


SIGNALS_20 = long_signals("signals of length 20", 20, 250)
SIGNALS_50 = long_signals("signals of length 50", 50, 200)


def padded(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """``SIGNALS`` with a mask of the steps that are there; a sample in 16 is empty."""
    steps, labels = SIGNALS.batch(seed)
    source = generator(seed)
    lengths = torch.randint(2, 9, (BATCH,), generator=source)
    lengths[torch.randperm(BATCH, generator=source)[: BATCH // 16]] = 0
    mask = torch.arange(8) < lengths.unsqueeze(1)
    return steps * mask.unsqueeze(2), mask, labels


PADDED = Task("padded signals", padded, accuracy, 0.25, 0.85, loss_fn=F.cross_entropy)


# A small language: a key says how far each letter lies from the last one.

LETTERS, KEYS, PAD = 9, 3, 0
WORDS = 1 + LETTERS + KEYS  #: Ids: the padding, the letters, the keys.


def sentences(seed: int) -> dict[str, Tensor]:
    """``input_ids``, ``attention_mask`` and ``labels`` (-100: not scored), all (64, 10)."""
    source = generator(seed)
    keys = torch.randint(0, KEYS, (BATCH, 1), generator=source)
    first = torch.randint(0, LETTERS, (BATCH, 1), generator=source)
    letters = 1 + (first + (1 + keys) * torch.arange(10)) % LETTERS
    lengths = torch.randint(4, 11, (BATCH, 1), generator=source)
    mask = torch.arange(10) < lengths
    ids = torch.cat([1 + LETTERS + keys, letters[:, :9]], 1).masked_fill(~mask, PAD)
    following = torch.cat([letters[:, :9], letters[:, 9:]], 1)
    scored = mask & (torch.arange(10) > 0)
    return {
        "input_ids": ids,
        "attention_mask": mask.long(),
        "labels": following.masked_fill(~scored, -100),
    }


def next_letter(model: nn.Module, batch: Mapping[str, Tensor]) -> float:
    """Share of the scored places where the likeliest word is the right one."""
    logits, labels = main_tensor(outputs(model, batch)), batch["labels"]
    if not logits.isfinite().all():
        return math.nan
    scored = labels != -100
    return float((logits.argmax(-1) == labels)[scored].float().mean())


#: The model returns its own loss. Without attention a third can be guessed.
LANGUAGE = Task("language", sentences, next_letter, 1 / LETTERS, 0.9)


# Graphs with loose nodes: a binary adjacency, no self-loops, a few nodes without any edge.


def loose_nodes(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features, 0/1 adjacency in which the first four nodes are on their own, labels."""
    features, mixing, labels = nodes(seed)
    edges = (mixing > 0).float()
    edges.fill_diagonal_(0.0)
    edges[:4], edges[:, :4] = 0.0, 0.0
    return features, edges, labels


LOOSE_NODES = Task("loose nodes", loose_nodes, accuracy, 0.25, 0.85, loss_fn=F.cross_entropy)


def counted_nodes(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """``NODES`` with a 0/1 adjacency that has self-loops."""
    features, mixing, labels = nodes(seed)
    return features, (mixing > 0).float(), labels


COUNTED_NODES = Task(
    "counted nodes",
    counted_nodes,
    accuracy,
    NODES.chance,
    NODES.learned,
    loss_fn=F.cross_entropy,
)


# Policies and values.


def sampled(logits: Tensor) -> Tensor:
    """An action per sample; a policy that has broken down still acts, somehow."""
    odds = logits.detach().softmax(-1).nan_to_num(0.25)
    return torch.multinomial(odds, 1).squeeze(1)


def reinforce(model: Any, batch: Any) -> Tensor:
    """One step of REINFORCE: reward 1 for the right action, the batch's mean as baseline."""
    seen, right = batch
    logits = model(seen)
    actions = sampled(logits)
    rewards = (actions == right).float()
    chosen = logits.log_softmax(-1).gather(1, actions.unsqueeze(1)).squeeze(1)
    loss: Tensor = -((rewards - rewards.mean()) * chosen).mean()
    return loss


POLICY = Task("policy", NESTED.batch, accuracy, 0.25, 0.85, step=reinforce, steps=400)


def actor_critic(model: Any, batch: Any) -> Tensor:
    """REINFORCE against the model's own value estimate; the model returns logits and value."""
    seen, right = batch
    logits, value = model(seen)
    actions = sampled(logits)
    rewards = (actions == right).float()
    chosen = logits.log_softmax(-1).gather(1, actions.unsqueeze(1)).squeeze(1)
    loss: Tensor = -((rewards - value.detach()) * chosen).mean() + F.mse_loss(value, rewards)
    return loss


ACTOR_CRITIC = Task(
    "actor and critic", NESTED.batch, accuracy, 0.25, 0.85, step=actor_critic, steps=400
)

_STEERING = torch.randn(8, 2, generator=generator(17)) / 8**0.5


def steering(seed: int) -> tuple[Tensor, Tensor]:
    """What is seen, and the two forces between -1 and 1 that would be best."""
    seen = torch.randn(BATCH, 8, generator=generator(seed))
    return seen, 0.9 * torch.sin(2 * seen @ _STEERING)


def entropic(model: Any, batch: Any) -> Tensor:
    """The model returns an action and its log-probability; the reward is differentiable."""
    seen, best = batch
    action, log_probability = model(seen)
    loss: Tensor = (4 * (action - best).square().sum(1) + 1e-3 * log_probability).mean()
    return loss


#: The policy returns the action first; in eval mode without noise.
STEERING = Task("steering", steering, explained, 0.0, 0.6, step=entropic, steps=400)


# Games: tell real points from generated ones; generate what a fixed critic accepts.

_RING = torch.linalg.qr(torch.randn(8, 2, generator=generator(19)))[0].T


def real_or_fake(seed: int) -> tuple[Tensor, Tensor]:
    """Points near a circle in 8 dimensions (1) or filling the disc around it (0)."""
    source = generator(seed)
    real = torch.rand(BATCH, 1, generator=source) < 0.5
    angle = 2 * math.pi * torch.rand(BATCH, 1, generator=source)
    circle = 2.0 * torch.cat([angle.cos(), angle.sin()], 1)
    blob = 0.9 * torch.randn(BATCH, 2, generator=source)
    noise = 0.1 * torch.randn(BATCH, 8, generator=source)
    return torch.where(real, circle, blob) @ _RING + noise, real.float()


def right_probability(model: nn.Module, batch: Any) -> float:
    """Accuracy of a model that answers with probabilities."""
    answer = main_tensor(outputs(model, batch))
    if not answer.isfinite().all():
        return math.nan
    return float(((answer > 0.5) == (batch[-1] > 0.5)).float().mean())


def right_order(model: nn.Module, batch: Any) -> float:
    """Share of pairs in which the critic gives the real point more: 0.5 for a constant."""
    answer, real = main_tensor(outputs(model, batch)).flatten(), batch[-1].flatten() > 0.5
    if not answer.isfinite().all():
        return math.nan
    difference = answer[real].unsqueeze(1) - answer[~real]
    return float((difference > 0).float().mean() + 0.5 * (difference == 0).float().mean())


def wasserstein(score: Tensor, real: Tensor) -> Tensor:
    """What a critic minimises, kept from running away by a small square."""
    loss: Tensor = ((1 - 2 * real) * score).mean() + 0.02 * score.square().mean()
    return loss


REAL_OR_FAKE = Task(
    "real or fake",
    real_or_fake,
    accuracy,
    0.5,
    0.85,
    loss_fn=F.binary_cross_entropy_with_logits,
)
REAL_PROBABILITY = Task(
    "real or fake, as probability",
    real_or_fake,
    right_probability,
    0.5,
    0.85,
    loss_fn=F.binary_cross_entropy,
)
CRITIC = Task("critic", real_or_fake, right_order, 0.5, 0.9, loss_fn=wasserstein)

#: Where the points of the four kinds are to lie.
KINDS = 0.7 * torch.randn(4, 8, generator=generator(21)).sign()


def wishes(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noise, the wanted kind as one of four ones, and as a number."""
    source = generator(seed)
    labels = torch.randint(0, 4, (BATCH,), generator=source)
    return torch.randn(BATCH, 8, generator=source), F.one_hot(labels, 4).float(), labels


def right_kind(model: nn.Module, batch: Any) -> float:
    """Share of generated points that lie nearest to the wanted kind; verdicts come second."""
    points = main_tensor(outputs(model, batch))
    if not points.isfinite().all():
        return math.nan
    return float((torch.cdist(points, KINDS).argmin(1) == batch[-1]).float().mean())


def accepted(output: Any, target: Tensor) -> Tensor:
    """The generator's loss that does not saturate: softplus of minus the verdict."""
    return F.softplus(-output[1]).mean()


def not_rejected(output: Any, target: Tensor) -> Tensor:
    """The minimax loss of the first paper: log(1 - D), flat where the critic is sure."""
    return torch.log(1 - torch.sigmoid(output[1]) + 1e-6).mean()


GENERATION = Task("generation", wishes, right_kind, 0.25, 0.9, loss_fn=accepted)
MINIMAX = Task("minimax generation", wishes, right_kind, 0.25, 0.9, loss_fn=not_rejected)
