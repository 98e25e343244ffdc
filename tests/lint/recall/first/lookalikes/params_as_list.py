"""Fine: the parameters are kept in a list, so the optimiser and the clip both see them."""
from itertools import chain

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, vocab, dim=128):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.rnn = nn.GRU(dim, dim, batch_first=True, bidirectional=True)

    def forward(self, x):
        out, _ = self.rnn(self.emb(x))
        return out.mean(1)


class Tagger(nn.Module):
    def __init__(self, dim=256, n=5):
        super().__init__()
        self.fc = nn.Linear(dim, n)

    def forward(self, h):
        return self.fc(h)


def main(loader, vocab):
    encoder, tagger = Encoder(vocab), Tagger()
    params = list(filter(lambda p: p.requires_grad, chain(encoder.parameters(), tagger.parameters())))
    print("training", sum(p.numel() for p in params), "numbers")
    optimizer = torch.optim.Adam(params, lr=1e-3)
    ce = nn.CrossEntropyLoss()
    for epoch in range(10):
        encoder.train()
        tagger.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = ce(tagger(encoder(x)), y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(params, max_norm=5.0)
            optimizer.step()
        print(epoch, loss.item())
