"""Fine: the argument is made safe by a first where, so the branch not taken has a finite slope."""
import torch
from torch import nn


def safe_sqrt(x: torch.Tensor) -> torch.Tensor:
    positive = x > 0
    inner = torch.where(positive, x, torch.ones_like(x))
    return torch.where(positive, torch.sqrt(inner), torch.zeros_like(x))


def sinc(x: torch.Tensor) -> torch.Tensor:
    small = x.abs() < 1e-4
    denom = torch.where(small, torch.ones_like(x), x)
    return torch.where(small, 1 - x ** 2 / 6, torch.sin(denom) / denom)


class LensModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.center = nn.Parameter(torch.zeros(2))
        self.radius = nn.Parameter(torch.tensor(1.2))
        self.width = nn.Parameter(torch.tensor(0.5))

    def forward(self, xy):
        r = ((xy - self.center) ** 2).sum(-1).add(1e-9).sqrt()
        disk = safe_sqrt(self.radius ** 2 - r ** 2)
        return disk + sinc(r / self.width.clamp(min=0.05))


def fit(xy, image, steps=3000):
    model = LensModel()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    mask = torch.isfinite(image)
    image = torch.where(mask, image, torch.zeros_like(image))
    for _ in range(steps):
        opt.zero_grad()
        loss = ((model(xy) - image) ** 2)[mask].mean()
        loss.backward()
        opt.step()
    return model
