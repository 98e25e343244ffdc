"""Fine: two optimisers, each with its own reset; the critic has a gradient penalty, the generator clips."""
import torch
from torch import autograd, nn


def gradient_penalty(critic, real, fake, lambda_gp=10.0):
    eps = torch.rand(real.size(0), 1, 1, 1, device=real.device)
    mixed = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = critic(mixed)
    grads = autograd.grad(score, mixed, torch.ones_like(score), create_graph=True)[0]
    slope = grads.flatten(1).pow(2).sum(1).add(1e-12).sqrt()
    return lambda_gp * (slope - 1).pow(2).mean()


def train(generator, critic, loader, nz=128, n_critic=5, device="cuda"):
    opt_g = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.0, 0.9))
    opt_c = torch.optim.Adam(critic.parameters(), lr=1e-4, betas=(0.0, 0.9))
    for i, (real, _) in enumerate(loader):
        real = real.to(device)
        z = torch.randn(real.size(0), nz, device=device)
        fake = generator(z).detach()

        opt_c.zero_grad(set_to_none=True)
        loss_c = critic(fake).mean() - critic(real).mean() + gradient_penalty(critic, real, fake)
        loss_c.backward()
        opt_c.step()

        if i % n_critic == 0:
            opt_g.zero_grad(set_to_none=True)
            z = torch.randn(real.size(0), nz, device=device)
            loss_g = -critic(generator(z)).mean()
            loss_g.backward()
            nn.utils.clip_grad_norm_(generator.parameters(), 1.0)
            opt_g.step()
        if i % 200 == 0:
            print(i, loss_c.item(), loss_g.item())
