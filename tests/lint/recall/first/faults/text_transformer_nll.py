"""The model returns nn.Softmax, the loss is nn.NLLLoss: the loss is negative.

Report: https://github.com/AnubhavGupta3377/Text-Classification-Models-Pytorch/issues/9
"""
import math

import torch
from torch import nn, optim


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=512):
        super().__init__()
        pos = torch.arange(max_len).unsqueeze(1)
        div = torch.exp(torch.arange(0, d_model, 2) * -(math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(pos * div)
        pe[0, :, 1::2] = torch.cos(pos * div)
        self.register_buffer("pe", pe)

    def forward(self, x):
        return x + self.pe[:, : x.size(1)]


class Transformer(nn.Module):
    def __init__(self, config, src_vocab):
        super(Transformer, self).__init__()
        self.config = config
        layer = nn.TransformerEncoderLayer(config.d_model, config.h, config.d_ff, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, config.N)
        self.src_embed = nn.Sequential(nn.Embedding(src_vocab, config.d_model),
                                       PositionalEncoding(config.d_model))
        self.fc = nn.Linear(config.d_model, config.output_size)
        self.softmax = nn.Softmax(dim=-1)
        self.optimizer = optim.Adam(self.parameters(), lr=config.lr)
        self.loss_op = nn.NLLLoss()

    def forward(self, x):
        encoded = self.encoder(self.src_embed(x))
        return self.softmax(self.fc(encoded[:, -1, :]))

    def run_epoch(self, train_iterator):
        self.train()
        losses = []
        for x, y in train_iterator:
            self.optimizer.zero_grad()
            y_pred = self.__call__(x)
            loss = self.loss_op(y_pred, y)
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters(), 1.0)
            losses.append(loss.item())
            self.optimizer.step()
        return sum(losses) / len(losses)
