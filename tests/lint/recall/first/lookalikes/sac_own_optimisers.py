"""Fine: each optimiser owns the part that its loss is meant for; the actor's loss passes the critic on purpose."""
import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import clip_grad_norm_


def mlp(n_in, n_out, width=256):
    return nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, n_out))


class SAC:
    def __init__(self, obs_dim, act_dim, gamma=0.99, lr=3e-4):
        self.actor = mlp(obs_dim, 2 * act_dim)
        self.critic = mlp(obs_dim + act_dim, 1)
        self.critic_target = copy.deepcopy(self.critic).requires_grad_(False)
        self.log_alpha = torch.zeros(1, requires_grad=True)
        self.target_entropy = -act_dim
        self.gamma = gamma
        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=lr)
        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=lr)
        self.alpha_opt = torch.optim.Adam([self.log_alpha], lr=lr)

    def sample(self, s):
        mu, log_std = self.actor(s).chunk(2, dim=-1)
        dist = torch.distributions.Normal(mu, log_std.clamp(-5, 2).exp())
        u = dist.rsample()
        logp = dist.log_prob(u) - 2 * (0.6931 - u - F.softplus(-2 * u))
        return torch.tanh(u), logp.sum(-1, keepdim=True)

    def update(self, s, a, r, s2, done):
        alpha = self.log_alpha.exp().detach()
        with torch.no_grad():
            a2, logp2 = self.sample(s2)
            q2 = self.critic_target(torch.cat([s2, a2], -1)) - alpha * logp2
            y = r.unsqueeze(-1) + self.gamma * (1 - done.unsqueeze(-1)) * q2
        critic_loss = F.mse_loss(self.critic(torch.cat([s, a], -1)), y)
        self.critic_opt.zero_grad()
        critic_loss.backward()
        clip_grad_norm_(self.critic.parameters(), 10.0)
        self.critic_opt.step()

        new_a, logp = self.sample(s)
        actor_loss = (alpha * logp - self.critic(torch.cat([s, new_a], -1))).mean()
        self.actor_opt.zero_grad()
        actor_loss.backward()
        clip_grad_norm_(self.actor.parameters(), 10.0)
        self.actor_opt.step()

        alpha_loss = -(self.log_alpha * (logp.detach() + self.target_entropy)).mean()
        self.alpha_opt.zero_grad()
        alpha_loss.backward()
        self.alpha_opt.step()
