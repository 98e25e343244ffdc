"""Fine: sigmoids and tanh are an LSTM's gates, with a clipped gradient."""
import math

import torch
import torch.nn as nn


class PeepholeLSTMCell(nn.Module):
    def __init__(self, input_sz, hidden_sz):
        super().__init__()
        self.hidden_size = hidden_sz
        self.W = nn.Parameter(torch.empty(input_sz, hidden_sz * 4))
        self.U = nn.Parameter(torch.empty(hidden_sz, hidden_sz * 4))
        self.bias = nn.Parameter(torch.empty(hidden_sz * 4))
        self.init_weights()

    def init_weights(self):
        stdv = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            weight.data.uniform_(-stdv, stdv)

    def forward(self, x_t, state):
        h, c = state
        gates = x_t @ self.W + h @ self.U + self.bias
        i, f, g, o = gates.chunk(4, dim=1)
        i, f, o = torch.sigmoid(i), torch.sigmoid(f), torch.sigmoid(o)
        c = f * c + i * torch.tanh(g)
        return o * torch.tanh(c), c


class SeqModel(nn.Module):
    def __init__(self, n_in=8, n_hid=64):
        super().__init__()
        self.cell = PeepholeLSTMCell(n_in, n_hid)
        self.out = nn.Linear(n_hid, 1)

    def forward(self, x):
        h = x.new_zeros(x.size(0), self.cell.hidden_size)
        c = torch.zeros_like(h)
        for x_t in x.unbind(1):
            h, c = self.cell(x_t, (h, c))
        return self.out(h)


def step(model, opt, x, y):
    opt.zero_grad()
    loss = nn.functional.l1_loss(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    return loss.item()
