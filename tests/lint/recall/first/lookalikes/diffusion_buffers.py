"""Fine: roots, logarithms and quotients of the noise schedule are constants, they hold no gradient."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def cosine_betas(T, s=0.008):
    x = torch.linspace(0, T, T + 1)
    a = torch.cos((x / T + s) / (1 + s) * math.pi / 2) ** 2
    a = a / a[0]
    return (1 - a[1:] / a[:-1]).clamp(0, 0.999)


class GaussianDiffusion(nn.Module):
    def __init__(self, model, timesteps=1000):
        super().__init__()
        self.model = model
        self.T = timesteps
        betas = cosine_betas(timesteps)
        acp = torch.cumprod(1 - betas, dim=0)
        self.register_buffer("sqrt_acp", torch.sqrt(acp))
        self.register_buffer("sqrt_1m_acp", torch.sqrt(1 - acp))
        self.register_buffer("log_1m_acp", torch.log(1 - acp))
        self.register_buffer("snr", acp / (1 - acp))

    def q_sample(self, x0, t, noise):
        shape = (-1,) + (1,) * (x0.dim() - 1)
        return self.sqrt_acp[t].view(shape) * x0 + self.sqrt_1m_acp[t].view(shape) * noise

    def forward(self, x0):
        t = torch.randint(0, self.T, (x0.size(0),), device=x0.device)
        noise = torch.randn_like(x0)
        pred = self.model(self.q_sample(x0, t, noise), t)
        loss = F.mse_loss(pred, noise, reduction="none").flatten(1).mean(1)
        weight = self.snr[t].clamp(max=5.0) / self.snr[t]
        return (weight * loss).mean()


def train_step(diffusion, optimizer, x0):
    loss = diffusion(x0)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
    optimizer.step()
    return loss.item()
