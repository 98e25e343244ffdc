"""Fine: the target runs under no_grad, and gradients are clipped by value before the step."""
import copy

import torch
from torch import nn
from torch.nn.utils import clip_grad_value_


class DuelingDQN(nn.Module):
    def __init__(self, n_obs: int, n_act: int, width: int = 128) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_obs, width), nn.ReLU())
        self.value = nn.Linear(width, 1)
        self.adv = nn.Linear(width, n_act)

    def forward(self, s: torch.Tensor) -> torch.Tensor:
        h = self.body(s)
        a = self.adv(h)
        return self.value(h) + a - a.mean(dim=1, keepdim=True)


class Learner:
    def __init__(self, n_obs: int, n_act: int, gamma: float = 0.99, tau: float = 0.005) -> None:
        self.q = DuelingDQN(n_obs, n_act)
        self.q_target = copy.deepcopy(self.q).requires_grad_(False)
        self.opt = torch.optim.AdamW(self.q.parameters(), lr=1e-4, amsgrad=True)
        self.gamma, self.tau = gamma, tau

    def learn(self, s, a, r, s2, done):
        q = self.q(s).gather(1, a.unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            best = self.q(s2).argmax(1, keepdim=True)
            y = r + self.gamma * (1.0 - done) * self.q_target(s2).gather(1, best).squeeze(1)
        loss = nn.functional.smooth_l1_loss(q, y)
        self.opt.zero_grad()
        loss.backward()
        clip_grad_value_(self.q.parameters(), 100)
        self.opt.step()
        self.soft_update()
        return loss.item()

    @torch.no_grad()
    def soft_update(self):
        for p, t in zip(self.q.parameters(), self.q_target.parameters()):
            t.mul_(1 - self.tau).add_(p, alpha=self.tau)
