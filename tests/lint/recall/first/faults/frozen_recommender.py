"""Every parameter is frozen, the new one included, and then handed to an optimiser.

Report: https://github.com/RUCAIBox/RecBole/issues/2027
"""
import torch
import torch.nn as nn


class PretrainedMF(nn.Module):
    def __init__(self, user_emb, item_emb):
        super().__init__()
        self.user = nn.Embedding.from_pretrained(user_emb)
        self.item = nn.Embedding.from_pretrained(item_emb)
        self.scale = nn.Linear(user_emb.size(1), user_emb.size(1), bias=False)

    def forward(self, u, i):
        return (self.scale(self.user(u)) * self.item(i)).sum(-1)


def bpr(pos, neg):
    return -nn.functional.logsigmoid(pos - neg).mean()


def main(user_emb, item_emb, loader):
    model = PretrainedMF(user_emb, item_emb)
    for param in model.parameters():
        param.requires_grad = False
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    for epoch in range(10):
        model.train()
        total = 0.0
        for u, i, j in loader:
            optimizer.zero_grad()
            loss = bpr(model(u, i), model(u, j))
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total)
