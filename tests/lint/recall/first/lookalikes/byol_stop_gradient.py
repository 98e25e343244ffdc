"""Fine: the target branch is a moving average behind no_grad; its stop-gradient is the method."""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


def mlp_head(n_in, n_hidden=4096, n_out=256):
    return nn.Sequential(
        nn.Linear(n_in, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(inplace=True), nn.Linear(n_hidden, n_out)
    )


def cosine_loss(p, z):
    return 2 - 2 * F.cosine_similarity(p, z.detach(), dim=-1).mean()


class BYOL(nn.Module):
    def __init__(self, backbone, feat_dim=2048, tau=0.996):
        super().__init__()
        self.online = nn.Sequential(backbone, mlp_head(feat_dim))
        self.target = copy.deepcopy(self.online)
        self.predictor = mlp_head(256)
        self.tau = tau
        for p in self.target.parameters():
            p.requires_grad = False

    @torch.no_grad()
    def update_target(self):
        for o, t in zip(self.online.parameters(), self.target.parameters()):
            t.data = self.tau * t.data + (1 - self.tau) * o.data

    def forward(self, x1, x2):
        p1, p2 = self.predictor(self.online(x1)), self.predictor(self.online(x2))
        with torch.no_grad():
            z1, z2 = self.target(x1), self.target(x2)
        return (cosine_loss(p1, z2) + cosine_loss(p2, z1)) / 2


def train(model, loader, epochs):
    params = [*model.online.parameters(), *model.predictor.parameters()]
    optimizer = torch.optim.SGD(params, lr=0.05, momentum=0.9, weight_decay=1e-4)
    for _ in range(epochs):
        for (x1, x2), _ in loader:
            loss = model(x1, x2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            model.update_target()
