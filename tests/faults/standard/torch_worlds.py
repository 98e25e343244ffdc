"""Scenes and policies assembled from torch.nn: a radiance field, Q-values, PPO."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.standard.entry import Standard

ROWS = 64


class NeRF(nn.Module):
    """Eight layers with a skip; density and colour, composited along each ray.

    Density is a softplus, as in later versions: the first paper's ReLU is dead from the start for
    half of the seeds.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = [39, *([64] * 7)]
        sizes[5] += 39
        self.trunk = nn.ModuleList(nn.Linear(inner, 64) for inner in sizes)
        self.density = nn.Linear(64, 1)
        self.feature = nn.Linear(64, 64)
        self.view = nn.Linear(64 + 27, 32)
        self.colour = nn.Linear(32, 3)

    @staticmethod
    def _encode(x: Tensor, octaves: int) -> Tensor:
        waves = [f(2.0**k * x) for k in range(octaves) for f in (torch.sin, torch.cos)]
        return torch.cat([x, *waves], -1)

    def forward(self, points: Tensor, directions: Tensor) -> Tensor:
        x = encoded = self._encode(points, 6)
        for index, layer in enumerate(self.trunk):
            x = F.relu(layer(torch.cat([encoded, x], -1) if index == 5 else x))
        opacity = 1 - torch.exp(-F.softplus(self.density(x) - 1) * 0.1)
        seen = torch.cumprod(1 - opacity + 1e-10, 1) / (1 - opacity + 1e-10)
        view = torch.cat([self.feature(x), self._encode(directions, 4)], -1)
        colours = torch.sigmoid(self.colour(F.relu(self.view(view))))
        return (seen * opacity * colours).sum(1)


class DuelingDQN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
        self.value, self.advantage = nn.Linear(64, 1), nn.Linear(64, 4)

    def forward(self, state: Tensor) -> Tensor:
        x = self.features(state)
        advantage = self.advantage(x)
        out: Tensor = self.value(x) + advantage - advantage.mean(1, keepdim=True)
        return out


def td_error(model: Any, batch: Any) -> Tensor:
    state, action, reward, following = batch
    with torch.no_grad():
        target = reward + 0.99 * model(following).amax(1)
    return F.smooth_l1_loss(model(state).gather(1, action.unsqueeze(1)).squeeze(1), target)


class ActorCritic(nn.Module):
    """Orthogonal weights, the policy's last layer a hundred times smaller, as PPO does it."""

    def __init__(self) -> None:
        super().__init__()
        self.actor = nn.Sequential(
            nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 4)
        )
        self.critic = nn.Sequential(
            nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1)
        )
        for net, gain in ((self.actor, 0.01), (self.critic, 1.0)):
            linears = [layer for layer in net if isinstance(layer, nn.Linear)]
            for linear in linears:
                nn.init.orthogonal_(linear.weight, gain if linear is linears[-1] else 2**0.5)
                nn.init.zeros_(linear.bias)

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.actor(state), self.critic(state).squeeze(1)


def ppo(model: Any, batch: Any) -> Tensor:
    state, action, reward, _ = batch
    logits, value = model(state)
    log_policy = logits.log_softmax(1)
    chosen = log_policy.gather(1, action.unsqueeze(1)).squeeze(1)
    ratio = torch.exp(chosen - chosen.detach())
    gain = (reward - value).detach()
    surrogate = torch.min(ratio * gain, ratio.clamp(0.8, 1.2) * gain).mean()
    entropy = -(log_policy.exp() * log_policy).sum(1).mean()
    loss: Tensor = -surrogate + 0.5 * F.mse_loss(value, reward) - 0.01 * entropy
    return loss


def _rays() -> tuple[Tensor, ...]:
    return torch.rand(8, 12, 3), F.normalize(torch.randn(8, 12, 3), dim=-1), torch.rand(8, 3)


def _transitions() -> tuple[Tensor, ...]:
    action, reward = torch.randint(0, 4, (ROWS,)), torch.randn(ROWS)
    return torch.randn(ROWS, 8), action, reward, torch.randn(ROWS, 8)


WORLDS: tuple[Standard, ...] = (
    Standard("NeRF", "torch.nn", NeRF, _rays, F.mse_loss),
    Standard("dueling DQN", "torch.nn", DuelingDQN, _transitions, step=td_error),
    Standard("PPO actor and critic", "torch.nn", ActorCritic, _transitions, step=ppo),
)
