import torch

from examples.rl_policy.model import ActorCritic, ppo_loss
from examples.rl_policy.train import rollout
from pytest_gradhealth import GradientHealth


def test_gradients_are_healthy(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    model = ActorCritic()
    gradhealth.assert_healthy(model, rollout(model), step=ppo_loss)
