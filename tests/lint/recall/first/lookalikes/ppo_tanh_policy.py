"""Fine: two tanh layers with orthogonal init are the usual policy, and the gradient is clipped."""
import numpy as np
import torch
import torch.nn as nn
from torch.distributions.normal import Normal


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self, obs_dim, act_dim):
        super().__init__()
        self.critic = nn.Sequential(
            layer_init(nn.Linear(obs_dim, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 1), std=1.0),
        )
        self.actor_mean = nn.Sequential(
            layer_init(nn.Linear(obs_dim, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, 64)), nn.Tanh(),
            layer_init(nn.Linear(64, act_dim), std=0.01),
        )
        self.actor_logstd = nn.Parameter(torch.zeros(1, act_dim))

    def evaluate(self, obs, action):
        mean = self.actor_mean(obs)
        dist = Normal(mean, torch.exp(self.actor_logstd.expand_as(mean)))
        return dist.log_prob(action).sum(1), dist.entropy().sum(1), self.critic(obs).squeeze(1)


def update(agent, optimizer, batch, clip_coef=0.2, ent_coef=0.0, vf_coef=0.5, max_grad_norm=0.5):
    logprob, entropy, value = agent.evaluate(batch["obs"], batch["act"])
    ratio = (logprob - batch["logprob"]).exp()
    adv = batch["adv"]
    pg = torch.max(-adv * ratio, -adv * torch.clamp(ratio, 1 - clip_coef, 1 + clip_coef)).mean()
    v_loss = 0.5 * ((value - batch["ret"]) ** 2).mean()
    loss = pg - ent_coef * entropy.mean() + vf_coef * v_loss
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(agent.parameters(), max_grad_norm)
    optimizer.step()
