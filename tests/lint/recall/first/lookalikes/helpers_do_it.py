"""Fine: reset and clip exist, two methods further down."""
import torch
from torch import nn


class Seq2Seq(nn.Module):
    def __init__(self, n_src, n_tgt, dim=256):
        super().__init__()
        self.src_emb, self.tgt_emb = nn.Embedding(n_src, dim), nn.Embedding(n_tgt, dim)
        self.enc = nn.LSTM(dim, dim, batch_first=True)
        self.dec = nn.LSTM(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, n_tgt)

    def forward(self, src, tgt):
        _, state = self.enc(self.src_emb(src))
        h, _ = self.dec(self.tgt_emb(tgt), state)
        return self.out(h)


class BaseRunner:
    clip = 5.0

    def _reset(self):
        for opt in self.optimizers:
            opt.zero_grad()

    def _limit(self):
        for group in self.optimizers[0].param_groups:
            nn.utils.clip_grad_norm_(group["params"], self.clip)

    def _apply(self, loss):
        loss.backward()
        self._limit()
        for opt in self.optimizers:
            opt.step()


class Runner(BaseRunner):
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.optimizers = [torch.optim.Adam(model.parameters(), lr=lr)]
        self.criterion = nn.CrossEntropyLoss(ignore_index=0)

    def epoch(self, loader):
        self.model.train()
        total = 0.0
        for src, tgt in loader:
            self._reset()
            logits = self.model(src, tgt[:, :-1])
            loss = self.criterion(logits.transpose(1, 2), tgt[:, 1:])
            self._apply(loss)
            total += loss.item()
        return total / len(loader)
