"""An actor and its critic, with the loss of proximal policy optimisation."""

import torch
from torch import Tensor, nn
from torch.distributions import Categorical


def layers(inputs: int, hidden: int, outputs: int, gain: float) -> nn.Sequential:
    net = nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.Tanh(),
        nn.Linear(hidden, hidden),
        nn.Tanh(),
        nn.Linear(hidden, outputs),
    )
    for layer in net:
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight, gain=2**0.5)
            nn.init.zeros_(layer.bias)
    nn.init.orthogonal_(net[-1].weight, gain=gain)
    return net


class ActorCritic(nn.Module):
    def __init__(self, observations: int = 2, actions: int = 2, hidden: int = 64) -> None:
        super().__init__()
        self.actor = layers(observations, hidden, actions, gain=0.01)
        self.critic = layers(observations, hidden, 1, gain=1.0)

    def forward(self, observation: Tensor) -> tuple[Categorical, Tensor]:
        return Categorical(logits=self.actor(observation)), self.critic(observation).squeeze(-1)


def ppo_loss(model: ActorCritic, rollout: dict[str, Tensor]) -> Tensor:
    policy, value = model(rollout["observation"])
    log_prob = policy.log_prob(rollout["action"])
    ratio = torch.exp(log_prob - rollout["log_prob"])
    advantage = rollout["advantage"]
    gain = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage).mean()
    return 0.5 * (rollout["return"] - value).pow(2).mean() - gain - 0.01 * policy.entropy().mean()
