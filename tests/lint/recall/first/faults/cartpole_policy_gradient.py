"""REINFORCE: the list of log-probabilities is turned into a tensor by torch.tensor.

Report: https://github.com/kengz/SLM-Lab/pull/133
"""
import gym
import torch
import torch.nn as nn
from torch.distributions import Categorical

env = gym.make("CartPole-v1")
policy = nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def returns(rewards, gamma=0.99):
    out, g = [], 0.0
    for r in reversed(rewards):
        g = r + gamma * g
        out.insert(0, g)
    out = torch.tensor(out)
    return (out - out.mean()) / (out.std() + 1e-6)


for episode in range(1000):
    state, _ = env.reset()
    log_probs, rewards = [], []
    done = False
    while not done:
        dist = Categorical(logits=policy(torch.as_tensor(state, dtype=torch.float32)))
        action = dist.sample()
        state, reward, terminated, truncated, _ = env.step(action.item())
        log_probs.append(dist.log_prob(action))
        rewards.append(reward)
        done = terminated or truncated

    log_probs = torch.tensor(log_probs, requires_grad=True)
    loss = -(log_probs * returns(rewards)).sum()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
    optimizer.step()
    if episode % 20 == 0:
        print(episode, sum(rewards))
