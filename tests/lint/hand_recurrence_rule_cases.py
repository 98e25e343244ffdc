"""Recurrences written by hand, and loops that are none."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        Example(
            "layers-in-a-loop",
            """
            import torch
            from torch import nn
            class Net(nn.Module):
                def __init__(self, n=4):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(n)])
                    self.n = n
                    self.out = nn.Linear(8, 1)
                def forward(self, x):
                    for i in range(self.n):
                        x = torch.relu(self.layers[i](x)) + x
                    return self.out(x)
            net = Net()
            opt = torch.optim.Adam(net.parameters())
            for x, y in loader:
                opt.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                opt.step()
            """,
        ),
        Example(
            "frames-without-a-state",
            """
            import torch
            from torch import nn
            class Frames(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.f = nn.Linear(8, 8)
                    self.out = nn.Linear(8, 1)
                def forward(self, x):
                    hs = []
                    total = 0
                    for t in range(x.size(1)):
                        h = torch.relu(self.f(x[:, t]))
                        total = total + h
                        hs.append(h)
                    return self.out(torch.stack(hs, 1).mean(1) + total)
            net = Frames()
            opt = torch.optim.Adam(net.parameters())
            for x, y in loader:
                opt.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                opt.step()
            """,
        ),
        Example(
            "gated-by-hand-and-clipped",
            """
            import torch
            from torch import nn
            class GRU(nn.Module):
                def __init__(self, i, h):
                    super().__init__()
                    self.wz = nn.Linear(i + h, h)
                    self.wr = nn.Linear(i + h, h)
                    self.wh = nn.Linear(i + h, h)
                def step(self, x, h):
                    c = torch.cat([x, h], -1)
                    z, r = torch.sigmoid(self.wz(c)), torch.sigmoid(self.wr(c))
                    n = torch.tanh(self.wh(torch.cat([x, r * h], -1)))
                    return (1 - z) * h + z * n
                def forward(self, xs, h):
                    for x in xs.unbind(1):
                        h = self.step(x, h)
                    return h
            net = GRU(4, 8)
            opt = torch.optim.Adam(net.parameters())
            for x, y in loader:
                opt.zero_grad()
                nn.functional.mse_loss(net(x, torch.zeros(1, 8)), y).backward()
                nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                opt.step()
            """,
        ),
        Example(
            "a-few-turns-without-a-sequence",
            """
            import torch
            from torch import nn
            class It(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.f = nn.Linear(8, 8)
                def forward(self, x):
                    h = torch.zeros_like(x)
                    for _ in range(3):
                        h = torch.tanh(self.f(h) + x)
                    return h
            net = It()
            opt = torch.optim.Adam(net.parameters())
            for x, y in loader:
                opt.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                opt.step()
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD301": (
        Example(
            "cell-by-hand",
            """
            import torch, torch.nn as nn
            class MyRNN(nn.Module):
                def __init__(self, input_size, hidden_size, output_size):
                    super().__init__()
                    self.hidden_size = hidden_size
                    self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
                    self.i2o = nn.Linear(hidden_size, output_size)
                def forward(self, x):
                    h = torch.zeros(x.size(0), self.hidden_size, device=x.device)
                    for t in range(x.size(1)):
                        h = torch.tanh(self.i2h(torch.cat((x[:, t], h), 1)))
                    return self.i2o(h)
            rnn = MyRNN(1, 64, 2)
            opt = torch.optim.SGD(rnn.parameters(), lr=0.01)
            x = torch.randn(16, 1000, 1); y = torch.randint(0, 2, (16,))
            for e in range(100):
                opt.zero_grad()
                loss = nn.functional.cross_entropy(rnn(x), y)
                loss.backward()
                opt.step()  # <- here
            """,
        ),
        Example(
            "state-given-back",
            """
            import torch
            import torch.nn as nn
            class RNN(nn.Module):
                def __init__(self, n_in, n_h, n_out):
                    super(RNN, self).__init__()
                    self.hidden_size = n_h
                    self.i2h = nn.Linear(n_in + n_h, n_h)
                    self.i2o = nn.Linear(n_in + n_h, n_out)
                    self.softmax = nn.LogSoftmax(dim=1)
                def forward(self, inp, hidden):
                    combined = torch.cat((inp, hidden), 1)
                    hidden = self.i2h(combined)
                    return self.softmax(self.i2o(combined)), hidden
                def initHidden(self):
                    return torch.zeros(1, self.hidden_size)
            rnn = RNN(57, 128, 18)
            criterion = nn.NLLLoss()
            optimizer = torch.optim.SGD(rnn.parameters(), lr=0.005)
            def train(category, line):
                hidden = rnn.initHidden()
                optimizer.zero_grad()
                for i in range(line.size(0)):
                    output, hidden = rnn(line[i], hidden)
                loss = criterion(output, category)
                loss.backward()
                optimizer.step()  # <- here
                return output, loss.item()
            for it in range(100000):
                c, l = sample()
                train(c, l)
            """,
        ),
        Example(
            "gated-by-hand",
            """
            import torch
            from torch import nn
            class GRU(nn.Module):
                def __init__(self, i, h):
                    super().__init__()
                    self.wz = nn.Linear(i + h, h)
                    self.wr = nn.Linear(i + h, h)
                    self.wh = nn.Linear(i + h, h)
                def step(self, x, h):
                    c = torch.cat([x, h], -1)
                    z, r = torch.sigmoid(self.wz(c)), torch.sigmoid(self.wr(c))
                    n = torch.tanh(self.wh(torch.cat([x, r * h], -1)))
                    return (1 - z) * h + z * n
                def forward(self, xs, h):
                    for x in xs.unbind(1):
                        h = self.step(x, h)
                    return h
            net = GRU(4, 8)
            opt = torch.optim.Adam(net.parameters())
            for x, y in loader:
                opt.zero_grad()
                nn.functional.mse_loss(net(x, torch.zeros(1, 8)), y).backward()
                opt.step()  # <- here
            """,
        ),
        Example(
            "weights-by-hand",
            """
            import torch
            from torch import nn
            class RNNScratch(nn.Module):
                def __init__(self, n_in, n_h, sigma=0.01):
                    super().__init__()
                    self.W_xh = nn.Parameter(torch.randn(n_in, n_h) * sigma)
                    self.W_hh = nn.Parameter(torch.randn(n_h, n_h) * sigma)
                    self.b_h = nn.Parameter(torch.zeros(n_h))
                    self.head = nn.Linear(n_h, 5)
                def forward(self, inputs, state=None):
                    if state is None:
                        state = torch.zeros(inputs.shape[1], 32)
                    outputs = []
                    for X in inputs.unbind(0):
                        new = torch.matmul(X, self.W_xh) + self.b_h
                        state = torch.tanh(new + torch.matmul(state, self.W_hh))
                        outputs.append(self.head(state))
                    return torch.stack(outputs), state
            net = RNNScratch(28, 32)
            trainer = torch.optim.SGD(net.parameters(), lr=1)
            def fit(data):
                for X, Y in data:
                    out, _ = net(X)
                    loss = nn.functional.cross_entropy(out.flatten(0, 1), Y.flatten())
                    trainer.zero_grad()
                    loss.backward()
                    trainer.step()  # <- here
            """,
        ),
    ),
}
