"""Policies: tempered, dueling, clipped, squashed, and ones that see too much or too little."""

# Written as users write: torch types a module's attributes and results too loosely for strict mode.
# mypy: disable-error-code="no-any-return, no-untyped-call, arg-type, operator, union-attr"

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.families.second_family import SecondFamily
from tests.faults.tasks import NESTED
from tests.faults.tasks_sequence import POLICY, STEERING

case = SecondFamily("policy", POLICY)


def network(out: int, seen: int = 16) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(seen, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, out)
    )


class Tempered(nn.Module):
    """Logits over a temperature that is a buffer."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.actor = network(4)
        self.register_buffer("temperature", torch.tensor(temperature))

    def forward(self, seen: Tensor) -> Tensor:
        return self.actor(seen) / self.temperature


class Dueling(nn.Module):
    """A value and advantages that are centred."""

    def __init__(self, centre: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.trunk = network(64)
        self.streams = nn.ModuleDict({"value": nn.Linear(64, 1), "advantage": nn.Linear(64, 4)})
        self.centre = centre

    def forward(self, seen: Tensor) -> Tensor:
        h = F.relu(self.trunk(seen))
        return self.streams["value"](h) + self.centre(self.streams["advantage"](h))


def q_learning(model: Any, batch: Any) -> Tensor:
    """Actions at random, rewards of one or nothing, and no next state."""
    seen, right = batch
    source = torch.Generator().manual_seed(int(1e4 * float(seen[0, 0].abs())) + 1)
    actions = torch.randint(0, 4, right.shape, generator=source)
    q = model(seen).gather(1, actions.unsqueeze(1)).squeeze(1)
    return F.smooth_l1_loss(q, 2.0 * (actions == right).float())


Q_VALUES = replace(POLICY, name="q values", step=q_learning, learned=0.8)


class WithTarget(nn.Module):
    """A frozen copy gives part of the regression's target, as target networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.online = network(4)
        self.target = copy.deepcopy(self.online).requires_grad_(False)

    def forward(self, seen: Tensor) -> Tensor:
        return self.online(seen)


def bootstrapped(model: Any, batch: Any) -> Tensor:
    seen, right = batch
    with torch.no_grad():
        later = model.target(seen.roll(1, 0)).max(1).values
    q = model(seen)
    wanted = F.one_hot(right, 4) + 0.5 * later.unsqueeze(1)
    return F.mse_loss(q, wanted)


BOOTSTRAP = replace(POLICY, name="bootstrapped q values", step=bootstrapped)


def clipped(read: Callable[[Tensor], Tensor]) -> Any:
    """The clipped surrogate of PPO on its first epoch, where the ratio is one."""

    def step(model: Any, batch: Any) -> Tensor:
        seen, right = batch
        logits, value = model(seen)
        policy = torch.distributions.Categorical(logits=logits.nan_to_num(0.0))
        actions = policy.sample()
        advantage = (actions == right).float() - value.squeeze(1).detach()
        new = read(policy.log_prob(actions))
        ratio = (new - policy.log_prob(actions).detach()).exp()
        gain = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
        return F.mse_loss(value.squeeze(1), (actions == right).float()) - gain

    return step


class Proximal(nn.Module):
    """Separate networks for the logits and the value."""

    def __init__(self) -> None:
        super().__init__()
        self.actor, self.critic = network(4), network(1)

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        return self.actor(seen), self.critic(seen)


CLIPPED = replace(POLICY, name="ppo", step=clipped(lambda log: log))
CLIPPED_CUT = replace(POLICY, name="ppo of numbers", step=clipped(lambda log: log.detach()))


class TanhNormal(nn.Module):
    """A squashed draw and its log-probability, found by unsquashing the action again."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.log_std = nn.Parameter(torch.full((2,), -1.0))
        self.margin = margin

    def forward(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        noise = torch.randn_like(mean) if self.training else torch.zeros_like(mean)
        action = torch.tanh(mean + self.log_std.exp() * noise)
        before = torch.atanh(action.clamp(self.margin - 1, 1 - self.margin))
        normal = torch.distributions.Normal(mean, self.log_std.exp(), validate_args=False)
        log = normal.log_prob(before) - torch.log(1 - action.square() + self.margin)
        return action, log.sum(1)


class Squashed(nn.Module):
    """A mean by two layers of tanh, then the squashed draw."""

    def __init__(self, margin: float, *, gain: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.mean = nn.Linear(64, 2)
        self.squash = TanhNormal(margin)
        with torch.no_grad():
            self.mean.weight.mul_(gain)

    def forward(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        action, log = self.squash(self.mean(self.body(seen)))
        return action, log


class Observed(nn.Module):
    """Observations are normalised with running statistics loaded from somewhere, and clipped."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((16,), mean))
        self.register_buffer("deviation", torch.full((16,), deviation))
        self.layers = network(4)

    def forward(self, seen: Tensor) -> Tensor:
        return self.layers(((seen - self.mean) / self.deviation).clamp(-10, 10))


def zeroed() -> nn.Module:
    """Both hidden layers' outputs and the head at zero, to start from the uniform policy."""
    model = Tempered(1.0)
    for layer in (model.actor[2], model.actor[4]):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    return model


def zero_head() -> nn.Module:
    model = Tempered(1.0)
    nn.init.zeros_(model.actor[4].weight)
    return model


CASES: tuple[Case, ...] = (
    case("tempered_half", "temperature", lambda: Tempered(0.5)),
    case(
        "tempered_1e6",
        "temperature",
        lambda: Tempered(1e-6),
        "saturation",
        "actor",
        also="exploding",
    ),
    case("zero_head", "uniform start", zero_head),
    case(
        "zero_two_layers",
        "uniform start",
        zeroed,
        "symmetry",
        "actor.2 actor.4 actor",
        also="dead_units vanishing collapse",
    ),
    case("dueling", "dueling", lambda: Dueling(lambda a: a - a.mean(1, True)), task=Q_VALUES),
    case(
        "dueling_advantage_cut",
        "dueling",
        lambda: Dueling(lambda a: (a - a.mean(1, True)).detach()),
        "disconnected",
        "streams.advantage",
        Q_VALUES,
    ),
    case("target_network", "target network", WithTarget, task=BOOTSTRAP),
    case("ppo", "surrogate", Proximal, task=CLIPPED),
    case("ppo_log_detached", "surrogate", Proximal, "disconnected", "actor", CLIPPED_CUT),
    case("squashed_margin", "unsquashed", lambda: Squashed(1e-3), task=STEERING),
    case(
        "squashed_no_margin",
        "unsquashed",
        lambda: Squashed(0.0, gain=200.0),
        "nonfinite",
        "squash",
        STEERING,
        "saturation",
    ),
    case("observed", "observations", lambda: Observed(0.0, 1.5)),
    case(
        "observed_other_game",
        "observations",
        lambda: Observed(900.0, 2.0),
        "collapse",
        "layers layers.0",
        also="saturation",
    ),
    case("observed_nested", "observations", lambda: Observed(0.5, 0.5), task=NESTED),
)
