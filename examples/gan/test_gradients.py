import torch

from examples.gan.model import Discriminator, Generator, discriminator_loss, generator_loss, ring
from pytest_gradhealth import GradientHealth


def test_the_generator_learns_from_the_discriminator(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    judge = Discriminator()
    gradhealth.assert_healthy(
        Generator(), torch.randn(64, 8), step=lambda model, z: generator_loss(model, judge, z)
    )


def test_the_discriminator_is_healthy(gradhealth: GradientHealth) -> None:
    torch.manual_seed(0)
    fake = Generator()(torch.randn(64, 8))
    gradhealth.assert_healthy(
        Discriminator(), ring(64), step=lambda model, real: discriminator_loss(model, real, fake)
    )
