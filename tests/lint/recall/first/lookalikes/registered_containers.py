"""Fine: plain lists are on the way to Sequential or ModuleList, and the dict holds no modules."""
import torch
from torch import nn


class FPN(nn.Module):
    def __init__(self, in_channels=(256, 512, 1024), out_channels=256):
        super().__init__()
        lateral, output = [], []
        for c in in_channels:
            lateral.append(nn.Conv2d(c, out_channels, 1))
            output.append(nn.Conv2d(out_channels, out_channels, 3, padding=1))
        self.lateral = nn.ModuleList(lateral)
        self.output = nn.ModuleList(output)
        self.levels = [f"p{i}" for i in range(3, 3 + len(in_channels))]
        self.strides = {name: 2 ** (i + 3) for i, name in enumerate(self.levels)}

    def forward(self, feats):
        laterals = [conv(f) for conv, f in zip(self.lateral, feats)]
        for i in range(len(laterals) - 1, 0, -1):
            up = nn.functional.interpolate(laterals[i], scale_factor=2, mode="nearest")
            laterals[i - 1] = laterals[i - 1] + up
        outs = [conv(x) for conv, x in zip(self.output, laterals)]
        return dict(zip(self.levels, outs))


class MultiHead(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.fpn = FPN()
        self.heads = nn.ModuleDict()
        for name, n_out in tasks.items():
            layers = [nn.Conv2d(256, 64, 3, padding=1), nn.GroupNorm(8, 64), nn.ReLU()]
            layers.append(nn.Conv2d(64, n_out, 1))
            self.heads[name] = nn.Sequential(*layers)

    def forward(self, feats):
        p3 = self.fpn(feats)["p3"]
        return {name: head(p3) for name, head in self.heads.items()}


class OldStyle(nn.Module):
    def __init__(self, widths=(16, 32, 64)):
        super().__init__()
        self.names = []
        for i, (a, b) in enumerate(zip(widths[:-1], widths[1:])):
            self.add_module(f"fc{i}", nn.Linear(a, b))
            self.names.append(f"fc{i}")

    def forward(self, x):
        for name in self.names:
            x = torch.relu(getattr(self, name)(x))
        return x
