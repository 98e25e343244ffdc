"""Train it: python -m examples.gan.train."""

import torch

from examples.gan.model import Discriminator, Generator, discriminator_loss, generator_loss, ring


def main(steps: int = 500, size: int = 128) -> None:
    generator, discriminator = Generator(), Discriminator()
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    discriminator_optimizer = torch.optim.Adam(
        discriminator.parameters(), lr=1e-3, betas=(0.5, 0.9)
    )
    for step in range(steps):
        fake = generator(torch.randn(size, 8))
        discriminator_optimizer.zero_grad()
        discriminator_loss(discriminator, ring(size), fake).backward()
        discriminator_optimizer.step()

        generator_optimizer.zero_grad()
        generator_loss(generator, discriminator, torch.randn(size, 8)).backward()
        generator_optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}: radius {fake.norm(dim=1).mean().item():.2f}")


if __name__ == "__main__":
    main()
