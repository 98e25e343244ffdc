"""Softmax over neighbours by hand: exp without subtracting the maximum.

Report: https://github.com/pyg-team/pytorch_geometric/issues/53
"""
import torch
import torch.nn as nn
from torch.nn import Parameter, init


def softmax(src, index, num_nodes):
    out = src.exp()
    norm = torch.zeros(num_nodes, src.size(1), device=src.device).index_add_(0, index, out)
    return out / (norm[index] + 1e-16)


class GATConv(nn.Module):
    def __init__(self, in_channels, out_channels, heads=4):
        super().__init__()
        self.heads, self.out_channels = heads, out_channels
        self.weight = Parameter(torch.Tensor(in_channels, heads * out_channels))
        self.att = Parameter(torch.Tensor(heads, 2 * out_channels))
        self.reset_parameters()

    def reset_parameters(self):
        init.xavier_uniform_(self.weight)
        init.xavier_uniform_(self.att)

    def forward(self, x, edge_index):
        row, col = edge_index
        h = (x @ self.weight).view(-1, self.heads, self.out_channels)
        alpha = torch.cat([h[row], h[col]], dim=-1)
        alpha = (alpha * self.att).sum(dim=-1)
        alpha = nn.functional.leaky_relu(alpha, 0.2)
        alpha = softmax(alpha, row, x.size(0))
        out = torch.zeros_like(h).index_add(0, row, alpha.unsqueeze(-1) * h[col])
        return out.flatten(1)
