"""The balance loss is rebuilt by torch.tensor inside forward: the gate never sees it.

Report: https://github.com/laekov/fastmoe/issues/49
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class NaiveGate(nn.Module):
    def __init__(self, d_model, num_expert, top_k=2):
        super().__init__()
        self.gate = nn.Linear(d_model, num_expert)
        self.top_k = top_k
        self.loss = None

    def forward(self, inp):
        scores = self.gate(inp)
        top_val, top_idx = torch.topk(scores, k=self.top_k, dim=-1)
        prob = F.softmax(scores, dim=-1)
        c_e = F.one_hot(top_idx[:, 0], scores.size(-1)).float().mean(0)
        m_e = prob.mean(0)
        losses = [c * m for c, m in zip(c_e, m_e)]
        self.loss = torch.tensor(losses).sum() * scores.size(-1)
        return top_idx, F.softmax(top_val, dim=-1)


class MoE(nn.Module):
    def __init__(self, d_model=256, d_hidden=512, num_expert=8):
        super().__init__()
        self.gate = NaiveGate(d_model, num_expert)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d_model, d_hidden), nn.GELU(), nn.Linear(d_hidden, d_model))
            for _ in range(num_expert)
        )

    def forward(self, x):
        idx, val = self.gate(x)
        out = torch.zeros_like(x)
        for e, expert in enumerate(self.experts):
            weight = ((idx == e).float() * val).sum(-1, keepdim=True)
            out = out + weight * expert(x)
        return x + out


def loss_of(moe, head, x, y, coef=0.01):
    return F.cross_entropy(head(moe(x)), y) + coef * moe.gate.loss
