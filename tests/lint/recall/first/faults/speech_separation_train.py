"""The grad_clip of the config never reaches the loop: the recurrent separator explodes.

Report: https://github.com/chentuochao/Sound_Bubble/issues/4
"""
import json

import torch
import torch.nn as nn
from torch.utils.data import DataLoader


class Separator(nn.Module):
    def __init__(self, n_mics=6, n_fft=257, hidden=256):
        super().__init__()
        self.inp = nn.Linear(n_mics * n_fft * 2, hidden)
        self.blstm = nn.LSTM(hidden, hidden, num_layers=3, batch_first=True, bidirectional=True)
        self.mask = nn.Linear(2 * hidden, n_fft * 2)

    def forward(self, spec):
        h, _ = self.blstm(self.inp(spec))
        return self.mask(h)


class Trainer:
    def __init__(self, config_path, dataset):
        with open(config_path) as f:
            cfg = json.load(f)
        self.grad_clip = cfg.get("grad_clip")
        self.epochs = cfg["epochs"]
        self.net = Separator(**cfg["model"])
        self.opt = torch.optim.Adam(self.net.parameters(), lr=cfg["lr"])
        self.loader = DataLoader(dataset, batch_size=cfg["batch_size"], shuffle=True)

    def loss(self, est, ref):
        return nn.functional.l1_loss(est, ref)

    def train_epoch(self):
        self.net.train()
        running = 0.0
        for mix, ref in self.loader:
            self.opt.zero_grad()
            loss = self.loss(self.net(mix), ref)
            loss.backward()
            self.opt.step()
            running += loss.item()
        return running / len(self.loader)

    def run(self):
        for epoch in range(self.epochs):
            print(epoch, self.train_epoch())
