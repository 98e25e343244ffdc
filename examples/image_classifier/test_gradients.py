import torch
import torch.nn.functional as F

from examples.image_classifier.data import loader
from examples.image_classifier.model import Classifier
from pytest_gradhealth import GradientHealth


def test_gradients_are_healthy(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    batch = next(iter(loader()))
    gradhealth.assert_healthy(Classifier(), batch, loss_fn=F.cross_entropy)
