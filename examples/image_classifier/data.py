"""Images of coloured stripes: the class is the stripes' direction and colour."""

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset


def stripes(count: int, size: int = 16) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 10
    angle = labels % 5 * torch.pi / 5
    axis = torch.linspace(-1, 1, size)
    across = angle.cos()[:, None, None] * axis + angle.sin()[:, None, None] * axis[:, None]
    wave = torch.sin(8 * across)
    colour = torch.where(
        labels[:, None] < 5, torch.tensor([1.0, 0.2, 0.2]), torch.tensor([0.2, 0.2, 1.0])
    )
    images = wave[:, None] * colour[:, :, None, None]
    return images + 0.3 * torch.randn_like(images), labels


def loader(count: int = 640, batch_size: int = 32) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(TensorDataset(*stripes(count)), batch_size=batch_size, shuffle=True)
