"""Fine: log-probabilities are stacked with their graph; only the returns become a new tensor."""
import gymnasium as gym
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self, obs=4, hidden=128, act=2):
        super(Policy, self).__init__()
        self.affine1 = nn.Linear(obs, hidden)
        self.affine2 = nn.Linear(hidden, act)
        self.saved_log_probs = []
        self.rewards = []

    def forward(self, x):
        return Categorical(logits=self.affine2(torch.relu(self.affine1(x))))


policy = Policy()
optimizer = optim.Adam(policy.parameters(), lr=1e-2)
eps = np.finfo(np.float32).eps.item()


def finish_episode(gamma=0.99):
    R, returns = 0, []
    for r in policy.rewards[::-1]:
        R = r + gamma * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + eps)
    loss = -(torch.stack(policy.saved_log_probs) * returns).sum()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    del policy.rewards[:], policy.saved_log_probs[:]


def main():
    env = gym.make("CartPole-v1")
    for i_episode in range(500):
        state, _ = env.reset()
        for t in range(1, 10000):
            dist = policy(torch.from_numpy(state).float())
            action = dist.sample()
            policy.saved_log_probs.append(dist.log_prob(action))
            state, reward, done, truncated, _ = env.step(action.item())
            policy.rewards.append(reward)
            if done or truncated:
                break
        finish_episode()
