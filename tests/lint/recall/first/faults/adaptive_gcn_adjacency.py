"""The learned adjacency is detached inside forward: its two embeddings never change.

Report: https://github.com/queenie88/A-GCN/issues/4
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AdaptiveGCN(nn.Module):
    def __init__(self, in_ch, out_ch, emb=64):
        super().__init__()
        self.theta = nn.Linear(in_ch, emb)
        self.phi = nn.Linear(in_ch, emb)
        self.lin = nn.Linear(in_ch, out_ch)
        self.norm = nn.LayerNorm(out_ch)

    def get_adj(self, x):
        sim = self.theta(x) @ self.phi(x).transpose(1, 2)
        return torch.softmax(sim / self.theta.out_features ** 0.5, dim=-1)

    def forward(self, x):
        # x: (batch, nodes, channels)
        adj = self.get_adj(x).detach()
        x = adj @ self.lin(x)
        return F.relu(self.norm(x))


class FacialAUNet(nn.Module):
    def __init__(self, n_nodes=12, in_ch=512):
        super().__init__()
        self.g1 = AdaptiveGCN(in_ch, 256)
        self.g2 = AdaptiveGCN(256, 128)
        self.cls = nn.Linear(n_nodes * 128, n_nodes)

    def forward(self, x):
        x = self.g2(self.g1(x))
        return self.cls(x.flatten(1))


def fit(model, loader):
    opt = torch.optim.Adam(model.parameters(), lr=1e-4)
    bce = nn.BCEWithLogitsLoss()
    for x, y in loader:
        opt.zero_grad()
        loss = bce(model(x), y)
        loss.backward()
        opt.step()
