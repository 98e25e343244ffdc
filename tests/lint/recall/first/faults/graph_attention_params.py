"""Projection matrices of an attention layer straight from randn, without a scale.

Report: https://github.com/gordicaleksa/pytorch-GAT/issues/11
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GATLayer(nn.Module):
    def __init__(self, num_in, num_out, num_heads=8, dropout=0.6):
        super().__init__()
        self.heads, self.num_out = num_heads, num_out
        # torch.Tensor(...) gave me nan now and then, so randn
        self.proj_param = nn.Parameter(torch.randn(num_heads, num_in, num_out))
        self.score_src = nn.Linear(num_out, 1, bias=False)
        self.score_tgt = nn.Linear(num_out, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, adj):
        x = self.dropout(x)
        h = torch.matmul(x.unsqueeze(0), self.proj_param)
        scores = self.score_src(h) + self.score_tgt(h).transpose(1, 2)
        scores = F.leaky_relu(scores, 0.2) + adj
        attn = torch.softmax(scores, dim=-1)
        out = torch.bmm(self.dropout(attn), h)
        return F.elu(out.transpose(0, 1).reshape(x.size(0), -1))


class GAT(nn.Module):
    def __init__(self, n_feat, n_hid, n_class):
        super().__init__()
        self.l1 = GATLayer(n_feat, n_hid)
        self.head = nn.Linear(8 * n_hid, n_class)

    def forward(self, x, adj):
        return self.head(self.l1(x, adj))


def loss_on(model, data, mask):
    logits = model(data["x"], data["adj"])
    return F.cross_entropy(logits[mask], data["y"][mask])
