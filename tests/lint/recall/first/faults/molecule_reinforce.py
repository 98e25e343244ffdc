"""The policy-gradient sum is built from .item() values, then wrapped again.

Report: https://github.com/isayev/ReLeaSE/issues/39
"""
import numpy as np
import torch
import torch.nn.functional as F


class Reinforcement:
    def __init__(self, generator, predictor, get_reward):
        self.generator = generator
        self.predictor = predictor
        self.get_reward = get_reward

    def policy_gradient(self, data, n_batch=10, gamma=0.97, grad_clipping=5.0):
        rl_loss = torch.zeros(1, requires_grad=True)
        self.generator.optimizer.zero_grad()
        total_reward = 0
        for _ in range(n_batch):
            reward, trajectory = 0, "<>"
            while reward == 0:
                trajectory = self.generator.evaluate(data)
                reward = self.get_reward(trajectory[1:-1], self.predictor)
            inp = data.char_tensor(trajectory)
            discounted_reward = reward
            total_reward += reward

            hidden = self.generator.init_hidden()
            for p in range(len(trajectory) - 1):
                output, hidden = self.generator(inp[p], hidden)
                log_probs = F.log_softmax(output, dim=1)
                top_i = inp[p + 1]
                rl_loss = rl_loss - log_probs[0, top_i].item() * discounted_reward
                discounted_reward = discounted_reward * gamma

        rl_loss = rl_loss / n_batch
        rl_loss.backward()
        torch.nn.utils.clip_grad_norm_(self.generator.parameters(), grad_clipping)
        self.generator.optimizer.step()
        return np.mean(total_reward / n_batch), rl_loss.item()
