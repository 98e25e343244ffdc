import torch

from examples.multi_task.model import MultiTask, data, step
from pytest_gradhealth import GradientHealth


def test_every_task_teaches_the_trunk(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    model, batch = MultiTask(), data()
    gradhealth.assert_connected(model, batch, step=step)
    gradhealth.assert_healthy(model, batch, step=step)
