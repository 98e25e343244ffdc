import torch

from examples.sequence_tagger.model import Tagger
from examples.sequence_tagger.train import loss_fn, sequences
from pytest_gradhealth import GradientHealth


def test_gradients_are_healthy(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    gradhealth.assert_healthy(Tagger(), sequences(), loss_fn=loss_fn)
