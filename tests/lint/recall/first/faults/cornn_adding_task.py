"""test() leaves the model in eval mode in the middle of an epoch's training.

Report: https://github.com/tk-rusch/coRNN/issues/1
"""
import torch
from torch import nn, optim


class SeqNet(nn.Module):
    def __init__(self, n_inp, n_hid, n_out):
        super().__init__()
        self.gru = nn.GRU(n_inp, n_hid)
        self.drop = nn.Dropout(0.3)
        self.readout = nn.Linear(n_hid, n_out)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.readout(self.drop(out[-1]))


model = SeqNet(2, 128, 1)
objective = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=2e-2)


def test(batches):
    model.eval()
    with torch.no_grad():
        losses = [objective(model(x), y).item() for x, y in batches]
    return sum(losses) / len(losses)


def train(get_batch, test_batches, trials=30000):
    model.train()
    for i in range(trials):
        batch, label = get_batch()
        optimizer.zero_grad()
        loss = objective(model(batch), label)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if i % 100 == 0 and i != 0:
            print("step", i, "test mse", test(test_batches))
