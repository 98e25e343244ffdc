"""Fine: zero convolutions join a copy of the encoder to a trained network without disturbing it."""
import copy

import torch
from torch import nn


def zero_module(module):
    for p in module.parameters():
        p.detach().zero_()
    return module


def zero_conv(channels):
    conv = nn.Conv2d(channels, channels, kernel_size=1)
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)
    return conv


class ControlBranch(nn.Module):
    def __init__(self, encoder_blocks: nn.ModuleList, channels: list, hint_channels: int = 3):
        super().__init__()
        self.blocks = copy.deepcopy(encoder_blocks)
        self.zero_convs = nn.ModuleList([zero_conv(c) for c in channels])
        self.hint = nn.Sequential(
            nn.Conv2d(hint_channels, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.SiLU(),
            zero_module(nn.Conv2d(16, channels[0], 3, padding=1)),
        )

    def forward(self, x, hint):
        h = x + self.hint(hint)
        controls = []
        for block, conv in zip(self.blocks, self.zero_convs):
            h = block(h)
            controls.append(conv(h))
        return controls


class ControlledUNet(nn.Module):
    def __init__(self, unet, control):
        super().__init__()
        self.unet = unet
        self.control = control
        self.unet.requires_grad_(False)

    def forward(self, x, hint):
        return self.unet(x, residuals=self.control(x, hint))


def optimizer_for(model: ControlledUNet):
    return torch.optim.AdamW(model.control.parameters(), lr=1e-5)
