"""Policies and value functions: probabilities that vanish, squashed actions, cut critics."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.making import Family
from tests.faults.tasks import NESTED
from tests.faults.tasks_sequence import ACTOR_CRITIC, POLICY

WIDTH = 64


case = Family("policy", POLICY)


def orthogonal(gain: float, head: float, layers: int = 2) -> nn.Sequential:
    """Tanh layers with orthogonal weights, and a head with a gain of its own."""
    sizes = [16, *[WIDTH] * layers]
    modules: list[nn.Module] = []
    for before, after in pairwise(sizes):
        modules += [nn.Linear(before, after), nn.Tanh()]
    model = nn.Sequential(*modules, nn.Linear(WIDTH, 4))
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.orthogonal_(module.weight, head if module is model[-1] else gain)
            nn.init.zeros_(module.bias)
    return model


class ActorCritic(nn.Module):
    """A shared trunk, logits and a value; the critic may look at the trunk without changing it."""

    def __init__(
        self,
        *,
        critic_detached: bool = False,
        actor_detached: bool = False,
        factor: float = 1.0,
        trunk_bias: float = 0.0,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(16, WIDTH), activation(), nn.Linear(WIDTH, WIDTH), activation()
        )
        self.actor, self.critic = nn.Linear(WIDTH, 4), nn.Linear(WIDTH, 1)
        self.critic_detached, self.actor_detached = critic_detached, actor_detached
        self.factor = factor
        if trunk_bias:
            nn.init.constant_(self.trunk[2].bias, trunk_bias)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(self.factor * observation)
        logits = self.actor(features.detach() if self.actor_detached else features)
        value = self.critic(features.detach() if self.critic_detached else features)
        return logits, value.squeeze(1)


def constant(model: nn.Module, value: float, *parts: str) -> nn.Module:
    """The same model with the weights of these parts at one value, biases at zero."""
    for part in parts:
        for module in model.get_submodule(part).modules():
            if isinstance(module, nn.Linear):
                nn.init.constant_(module.weight, value)
                nn.init.zeros_(module.bias)
    return model


class LogProbability(nn.Module):
    """Logits to log-probabilities, by way of the probabilities or directly."""

    def __init__(self, *, direct: bool) -> None:
        super().__init__()
        self.direct = direct

    def forward(self, logits: Tensor) -> Tensor:
        return logits.log_softmax(-1) if self.direct else logits.softmax(-1).log()


class Sharp(nn.Module):
    """A policy that is sure of itself; what it returns are log-probabilities."""

    def __init__(self, temperature: float, *, direct: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(16, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 4))
        self.log_probability = LogProbability(direct=direct)
        self.temperature = temperature

    def forward(self, observation: Tensor) -> Tensor:
        return self.log_probability(self.body(observation) / self.temperature)


class Q(nn.Module):
    """A value per action, with a target network that only follows."""

    def __init__(self, *, dueling: bool = False, init: float | None = None) -> None:
        super().__init__()
        self.online = nn.Sequential(nn.Linear(16, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
        self.advantage = nn.Linear(WIDTH, 4)
        self.value = nn.Linear(WIDTH, 1) if dueling else None
        if init is not None:
            constant(self, init, "online", "advantage")
        self.target = copy.deepcopy(self.online).requires_grad_(False)

    def forward(self, observation: Tensor) -> Tensor:
        features = F.relu(self.online(observation))
        with torch.no_grad():
            self.target(observation)
        advantage = self.advantage(features)
        if self.value is None:
            return advantage
        return self.value(features) + advantage - advantage.mean(1, keepdim=True)


def bandit(model: Any, batch: Any) -> Tensor:
    """Values of one action each, chosen at random; the reward is 1 for the right one."""
    seen, right = batch
    actions = torch.randint(0, 4, right.shape)
    values = model(seen).gather(1, actions.unsqueeze(1)).squeeze(1)
    loss: Tensor = F.smooth_l1_loss(values, (actions == right).float())
    return loss


BANDIT = replace(POLICY, name="bandit", batch=NESTED.batch, step=bandit, learned=0.8)


CASES: tuple[Case, ...] = (
    case("orthogonal_small_head", "orthogonal", lambda: orthogonal(2**0.5, 0.01)),
    case(
        "orthogonal_small_everywhere",
        "orthogonal",
        lambda: orthogonal(0.001, 0.01, 6),
        "vanishing",
        "0",
        also="collapse",
    ),
    case("two_heads", "heads", ActorCritic, task=ACTOR_CRITIC),
    case(
        "two_heads_critic_detached",
        "heads",
        lambda: ActorCritic(critic_detached=True),
        task=ACTOR_CRITIC,
    ),
    case(
        "two_heads_both_detached",
        "heads",
        lambda: ActorCritic(critic_detached=True, actor_detached=True),
        "disconnected",
        "trunk",
        ACTOR_CRITIC,
    ),
    case(
        "two_heads_trunk_bias_minus_20",
        "heads",
        lambda: ActorCritic(trunk_bias=-20.0),
        "dead_units",
        "trunk",
        ACTOR_CRITIC,
        "collapse",
    ),
    case(
        "two_heads_constant",
        "heads",
        lambda: constant(ActorCritic(activation=nn.Tanh), 0.05, "trunk", "actor", "critic"),
        "symmetry",
        "trunk.0",
        ACTOR_CRITIC,
    ),
    case(
        "two_heads_zero",
        "heads",
        lambda: constant(ActorCritic(activation=nn.Tanh), 0.0, "actor", "critic"),
        task=ACTOR_CRITIC,
    ),
    case(
        "raw_observations_tanh",
        "raw",
        lambda: ActorCritic(activation=nn.Tanh, factor=1e4),
        task=ACTOR_CRITIC,
    ),
    case(
        "observations_x3_tanh",
        "raw",
        lambda: ActorCritic(activation=nn.Tanh, factor=3.0),
        task=ACTOR_CRITIC,
    ),
    case(
        "log_of_softmax_sharp",
        "log",
        lambda: Sharp(1e-3, direct=False),
        "nonfinite",
        "log_probability",
    ),
    case("log_of_softmax", "log", lambda: Sharp(1.0, direct=False)),
    case("log_softmax", "log", lambda: Sharp(1.0, direct=True)),
    case("q_with_target", "q", Q, task=BANDIT),
    case("q_dueling", "q", lambda: Q(dueling=True), task=BANDIT),
    case("q_ones", "q", lambda: Q(init=1.0), "symmetry", "online.0", BANDIT, "exploding"),
)
