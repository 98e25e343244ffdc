"""Train it to hold a mass near the origin: python -m examples.rl_policy.train."""

import torch
from torch import Tensor

from examples.rl_policy.model import ActorCritic, ppo_loss


@torch.no_grad()
def rollout(model: ActorCritic, envs: int = 32, steps: int = 32) -> dict[str, Tensor]:
    """Play: a mass is pushed left or right; the reward is its nearness to the origin."""
    place, speed = torch.randn(envs), torch.randn(envs)
    seen: dict[str, list[Tensor]] = {"observation": [], "action": [], "log_prob": []}
    rewards, values = [], []
    for _ in range(steps):
        state = torch.stack([place, speed], dim=1)
        policy, value = model(state)
        action = policy.sample()
        for name, item in zip(seen, (state, action, policy.log_prob(action)), strict=True):
            seen[name].append(item)
        speed = 0.9 * speed + 0.1 * (2 * action - 1)
        place = place + 0.1 * speed
        rewards.append(-place.pow(2))
        values.append(value)
    total = model(torch.stack([place, speed], dim=1))[1]
    returns: list[Tensor] = []
    for reward in reversed(rewards):
        total = reward + 0.9 * total
        returns.insert(0, total)
    batch = {name: torch.cat(items) for name, items in seen.items()}
    batch["return"] = torch.cat(returns)
    advantage = batch["return"] - torch.cat(values)
    batch["advantage"] = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    return batch


def main(rounds: int = 60) -> None:
    model = ActorCritic()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-5)
    for number in range(rounds):
        batch = rollout(model)
        for _ in range(8):
            optimizer.zero_grad()
            loss = ppo_loss(model, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
            optimizer.step()
        if number % 20 == 19:
            print(f"round {number + 1}: return {batch['return'].mean().item():.2f}")


if __name__ == "__main__":
    main()
