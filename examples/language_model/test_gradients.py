import torch

from examples.language_model.data import batches
from examples.language_model.model import LanguageModel
from examples.language_model.train import step
from pytest_gradhealth import GradientHealth


def test_gradients_are_healthy(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    gradhealth.assert_healthy(LanguageModel(), next(batches()), step=step)
