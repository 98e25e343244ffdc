"""Sigmoid followed by nn.BCELoss where the fused, stable loss would do.

Report: https://github.com/APPFL/APPFL/issues/60
"""
import copy

import torch
from torch import nn, optim


class BinaryHead(nn.Module):
    def __init__(self, backbone, n_features):
        super().__init__()
        self.backbone = backbone
        self.classifier = nn.Linear(n_features, 1)

    def forward(self, img):
        h = self.backbone(img)
        return torch.sigmoid(self.classifier(h))


def local_update(global_model, loader, lr=0.003, local_steps=2):
    model = copy.deepcopy(global_model)
    model.train()
    criterion = nn.BCELoss()
    opt = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(local_steps):
        for x, y in loader:
            opt.zero_grad()
            prob = model(x)
            loss = criterion(prob, y.float().reshape(-1, 1))
            loss.backward()
            opt.step()
    return model.state_dict()


def fed_avg(states):
    avg = copy.deepcopy(states[0])
    for key in avg:
        avg[key] = torch.stack([s[key].float() for s in states]).mean(0)
    return avg
