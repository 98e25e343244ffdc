"""The query projection is nn.Parameter(torch.Tensor(...)) and nothing ever fills it.

Report: https://github.com/tail-unica/hopwise/issues/271
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter


class AttnHGCN(nn.Module):
    def __init__(self, channel, n_hops, n_relations, n_heads=2, mess_dropout_rate=0.1):
        super().__init__()
        self.n_hops = n_hops
        self.n_heads = n_heads
        self.d_k = channel // n_heads
        self.relation_emb = nn.Embedding(n_relations, channel)
        self.W_Q = Parameter(torch.Tensor(channel, channel))
        self.dropout = nn.Dropout(p=mess_dropout_rate)
        nn.init.xavier_uniform_(self.relation_emb.weight)

    def attend(self, entity_emb, head, tail, rel):
        query = (entity_emb[head] @ self.W_Q).view(-1, self.n_heads, self.d_k)
        key = (entity_emb[tail] @ self.W_Q).view(-1, self.n_heads, self.d_k)
        key = key * self.relation_emb(rel).view(-1, self.n_heads, self.d_k)
        score = (query * key).sum(dim=-1) / math.sqrt(self.d_k)
        return torch.softmax(score, dim=0).mean(-1, keepdim=True)

    def forward(self, entity_emb, head, tail, rel):
        out = entity_emb
        for _ in range(self.n_hops):
            w = self.attend(out, head, tail, rel)
            msg = w * out[tail]
            agg = torch.zeros_like(out).index_add(0, head, msg)
            out = F.normalize(self.dropout(agg), dim=-1, eps=1e-8)
        return out
