"""Task towers in a plain dict, filled in a loop: missing from parameters().

Report: https://github.com/asyml/texar-pytorch/issues/72
"""
from typing import Dict, List

import torch
from torch import Tensor, nn


class MultiTaskModel(nn.Module):
    def __init__(self, n_dense: int, tasks: Dict[str, int], hidden: List[int] = [256, 128]):
        super().__init__()
        widths = [n_dense, *hidden]
        shared = []
        for a, b in zip(widths[:-1], widths[1:]):
            shared += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()]
        self.shared = nn.Sequential(*shared)
        self.heads = {}
        for name, n_out in tasks.items():
            self.heads[name] = nn.Sequential(
                nn.Linear(widths[-1], 64), nn.ReLU(), nn.Linear(64, n_out)
            )

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        h = self.shared(x)
        return {name: head(h) for name, head in self.heads.items()}


def training_loop(model, loader, weights, lr=1e-3):
    opt = torch.optim.Adagrad(model.parameters(), lr=lr)
    for x, targets in loader:
        out = model(x)
        loss = sum(w * nn.functional.cross_entropy(out[k], targets[k]) for k, w in weights.items())
        opt.zero_grad()
        loss.backward()
        opt.step()


model = MultiTaskModel(40, {"click": 2, "dwell": 5})
