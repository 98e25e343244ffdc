"""Fine: gradients are clamped by hand between backward and step, as the DQN tutorial does."""
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward", "done"))


class DRQN(nn.Module):
    def __init__(self, n_obs, n_actions, hidden=64):
        super().__init__()
        self.gru = nn.GRU(n_obs, hidden, batch_first=True)
        self.q = nn.Linear(hidden, n_actions)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.q(h[:, -1])


class Agent:
    def __init__(self, n_obs, n_actions, gamma=0.99):
        self.policy_net, self.target_net = DRQN(n_obs, n_actions), DRQN(n_obs, n_actions)
        self.target_net.load_state_dict(self.policy_net.state_dict())
        self.target_net.eval()
        self.optimizer = torch.optim.RMSprop(self.policy_net.parameters(), lr=2.5e-4)
        self.memory = deque(maxlen=10000)
        self.gamma = gamma

    def optimize_model(self, batch_size=128):
        if len(self.memory) < batch_size:
            return
        batch = Transition(*zip(*random.sample(self.memory, batch_size)))
        state, next_state = torch.stack(batch.state), torch.stack(batch.next_state)
        action = torch.tensor(batch.action).unsqueeze(1)
        reward, done = torch.tensor(batch.reward), torch.tensor(batch.done).float()

        q = self.policy_net(state).gather(1, action).squeeze(1)
        with torch.no_grad():
            target = reward + self.gamma * (1 - done) * self.target_net(next_state).max(1)[0]
        loss = F.smooth_l1_loss(q, target)
        self.optimizer.zero_grad()
        loss.backward()
        for param in self.policy_net.parameters():
            param.grad.data.clamp_(-1, 1)
        self.optimizer.step()
