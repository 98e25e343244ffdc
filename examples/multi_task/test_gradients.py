import torch

from examples.multi_task.model import MultiTask, data, losses, step
from pytest_gradhealth import GradientHealth


def test_every_task_teaches_the_trunk(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    model, batch = MultiTask(), data()
    gradhealth.assert_connected(model, batch, step=step)
    gradhealth.assert_healthy(model, batch, step=step)


def test_no_task_drowns_the_others(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    model, batch = MultiTask(), data()
    gradhealth.assert_balanced_losses(model, batch, lambda m, b: losses(m(b["x"]), b))
