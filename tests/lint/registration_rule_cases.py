"""Further examples of the rules about what a module registers."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD501": (
        Example(
            "parameters-collected-by-hand",
            """
            import itertools
            from torch import nn, optim

            class Net(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    self.heads = [nn.Linear(8, 1) for _ in range(n)]

                def forward(self, x):
                    return [head(self.body(x)) for head in self.heads]

            net = Net(3)
            params = list(net.parameters())
            for head in net.heads:
                params += list(head.parameters())
            optimizer = optim.SGD(params, lr=0.1)
            """,
        ),
        Example(
            "frozen-extractors",
            """
            from torch import nn

            class Perceptual(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.parts = [nn.Conv2d(3, 64, 3).eval(), nn.Conv2d(64, 64, 3).eval()]
                    for part in self.parts:
                        for p in part.parameters():
                            p.requires_grad = False

                def forward(self, x):
                    for part in self.parts:
                        x = part(x)
                    return x
            """,
        ),
        Example(
            "helper-without-layers",
            """
            from torch import nn

            class Sampler:
                def __init__(self, steps):
                    self.steps = steps

                def __call__(self, x):
                    return x[:: self.steps]

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.sampler = Sampler(2)
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    return self.fc(self.sampler(x))
            """,
        ),
        Example(
            "class-attribute-without-parameters",
            """
            from torch import nn

            class Net(nn.Module):
                act = nn.ReLU()

                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    return self.act(self.fc(x))
            """,
        ),
    ),
    "GRD507": (
        Example(
            "hidden-state",
            """
            import torch
            from torch import nn

            class Tagger(nn.Module):
                def __init__(self, hidden):
                    super().__init__()
                    self.lstm = nn.LSTM(8, hidden)
                    self.h0 = torch.zeros(1, 1, hidden, requires_grad=True)
                    self.hidden = None

                def init_hidden(self):
                    self.hidden = torch.zeros(1, 1, 8, requires_grad=True)

                def forward(self, x):
                    out, self.hidden = self.lstm(x, (self.h0, self.hidden))
                    return out
            """,
        ),
        Example(
            "register-parameter",
            """
            import torch
            from torch import nn

            class Mix(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    weight = nn.Parameter(torch.zeros(n))
                    self.register_parameter("weight", weight)
                    self.others = [nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))]
                    for i, p in enumerate(self.others):
                        self.register_parameter(f"other{i}", p)

                def forward(self, x):
                    return x * self.weight + self.others[0]
            """,
        ),
        Example(
            "same-parameter-after-all",
            """
            import torch
            from torch import nn

            class Scale(nn.Module):
                def __init__(self, n, device):
                    super().__init__()
                    self.a = nn.Parameter(torch.zeros(n)).requires_grad_()
                    self.b = nn.Parameter(torch.zeros(n, device=device)).to(device)
                    self.c = nn.init.uniform_(nn.Parameter(torch.empty(n)), -0.1, 0.1)

                def forward(self, x):
                    return x * self.a + self.b * self.c
            """,
        ),
        Example(
            "fixed-constants",
            """
            import torch
            from torch import nn

            class Normalise(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.mean = nn.Parameter(torch.zeros(3), requires_grad=False).cuda()
                    self.std = torch.ones(3).cuda()
                    self.start = nn.Parameter(torch.ones(3)).detach().cuda()

                def forward(self, x):
                    return (x - self.mean) / self.std + self.start
            """,
        ),
        Example(
            "updated-by-hand",
            """
            import torch
            from torch import nn

            class LinearRegression(nn.Module):
                def __init__(self, features):
                    super().__init__()
                    self.w = torch.zeros(features, 1, requires_grad=True)
                    self.b = torch.zeros(1, requires_grad=True)

                def forward(self, x):
                    return x @ self.w + self.b

            model = LinearRegression(4)
            for x, y in loader:
                loss = ((model(x) - y) ** 2).mean()
                loss.backward()
                with torch.no_grad():
                    for p in (model.w, model.b):
                        p -= 0.1 * p.grad
                        p.grad.zero_()
            """,
        ),
        Example(
            "differentiated-by",
            """
            import torch
            from torch import nn

            class Pressure(nn.Module):
                def __init__(self, net, points):
                    super().__init__()
                    self.net = net
                    self.points = torch.rand(points, 2, requires_grad=True)

                def forward(self):
                    u = self.net(self.points)
                    return torch.autograd.grad(u.sum(), self.points, create_graph=True)[0]
            """,
        ),
        Example(
            "parameters-given-out",
            """
            import torch
            from torch import nn

            class Prompt(nn.Module):
                def __init__(self, length, width):
                    super().__init__()
                    self.prompt = torch.zeros(length, width, requires_grad=True)

                def trainable_parameters(self):
                    return [self.prompt]

                def forward(self, x):
                    return torch.cat([self.prompt, x])
            """,
        ),
        Example(
            "plain-class",
            """
            import torch

            class Linear:
                def __init__(self, a, b):
                    self.weight = torch.zeros(a, b, requires_grad=True)

                def __call__(self, x):
                    return x @ self.weight
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD501": (
        Example(
            "lists-of-lists",
            """
            from torch import nn

            class Grid(nn.Module):
                def __init__(self, rows, columns):
                    super().__init__()
                    self.cells = [  # <- here
                        [nn.Conv2d(8, 8, 3, padding=1) for _ in range(columns)] for _ in range(rows)
                    ]

                def forward(self, x):
                    for row in self.cells:
                        x = sum(cell(x) for cell in row)
                    return x
            """,
        ),
        Example(
            "filled-by-a-helper-method",
            """
            import torch.nn as nn

            def conv_block(a, b):
                return nn.Sequential(nn.Conv2d(a, b, 3), nn.BatchNorm2d(b), nn.ReLU())

            class UNet(nn.Module):
                def __init__(self, widths):
                    super().__init__()
                    self.downs = []  # <- here
                    self.head = nn.Conv2d(64, 1, 1)
                    self._make_downs(widths)
                    for p in self.parameters():
                        if p.dim() > 1:
                            nn.init.xavier_uniform_(p)

                def _make_downs(self, widths):
                    for a, b in zip(widths, widths[1:]):
                        self.downs.append(conv_block(a, b))

                def forward(self, x):
                    for down in self.downs:
                        x = down(x)
                    return self.head(x)
            """,
        ),
        Example(
            "dict-filled-in-a-loop",
            """
            from torch import nn

            class Embedder(nn.Module):
                def __init__(self, columns):
                    super().__init__()
                    self.tables = {}  # <- here
                    for column, count in columns.items():
                        self.tables[column] = nn.Embedding(count, 16)

                def forward(self, batch):
                    return sum(self.tables[name](index) for name, index in batch.items())
            """,
        ),
        Example(
            "tuple",
            """
            import torch
            from torch.nn import LSTM, Module

            class Stacked(Module):
                def __init__(self, size):
                    super().__init__()
                    self.rnns = tuple(LSTM(size, size) for _ in range(3))  # <- here

                def forward(self, x):
                    for rnn in self.rnns:
                        x, _ = rnn(x)
                    return x
            """,
        ),
        Example(
            "class-without-a-base",
            """
            from torch import nn

            class Attention:
                def __init__(self, width):
                    self.query = nn.Linear(width, width)
                    self.key = nn.Linear(width, width)

                def __call__(self, x):
                    return (self.query(x) @ self.key(x).transpose(-1, -2)).softmax(-1) @ x

            class Encoder(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.attention = Attention(width)  # <- here
                    self.out = nn.Linear(width, width)

                def forward(self, x):
                    return self.out(self.attention(x))
            """,
        ),
        Example(
            "attribute-of-the-class",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                embed = nn.Embedding(1000, 32)  # <- here

                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(32, 2)

                def forward(self, x):
                    return self.fc(F.relu(self.embed(x).mean(1)))
            """,
        ),
    ),
    "GRD507": (
        Example(
            "variable",
            """
            import torch
            import torch.nn as nn
            from torch.autograd import Variable

            class Bilinear(nn.Module):
                def __init__(self, n, k):
                    super(Bilinear, self).__init__()
                    self.out = nn.Linear(k, 1)
                    self.core = Variable(torch.zeros(n, k).cuda(), requires_grad=True)  # <- here

                def forward(self, a, b):
                    return self.out((a @ self.core) * b)
            """,
        ),
        Example(
            "to-device-after-an-init",
            """
            import torch
            from torch import nn
            from torch.nn import Parameter

            class GraphConv(nn.Module):
                def __init__(self, features, out, device="cuda"):
                    super().__init__()
                    w = Parameter(torch.FloatTensor(features, out))
                    nn.init.xavier_uniform_(w)
                    self.weight = w.to(device)  # <- here

                def forward(self, x, adj):
                    return torch.spmm(adj, x @ self.weight)
            """,
        ),
        Example(
            "requires-grad-afterwards",
            """
            import torch as th
            from torch import nn

            class Prior(nn.Module):
                def __init__(self, k):
                    super().__init__()
                    self.logits = th.zeros(k)  # <- here
                    self.logits.requires_grad = True

                def forward(self, z):
                    return z + th.softmax(self.logits, dim=0)
            """,
        ),
        Example(
            "from-numpy",
            """
            import numpy as np
            import torch
            from torch import nn

            class Dictionary(nn.Module):
                def __init__(self, atoms):
                    super().__init__()
                    start = np.random.randn(atoms, 32) * 0.01
                    self.atoms = torch.from_numpy(start).float().requires_grad_()  # <- here

                def forward(self, codes):
                    return codes @ self.atoms
            """,
        ),
        Example(
            "dict-of-tensors",
            """
            import torch
            from torch import nn

            class Hetero(nn.Module):
                def __init__(self, kinds):
                    super().__init__()
                    self.offsets = {}  # <- here
                    for kind in kinds:
                        self.offsets[kind] = torch.zeros(16, requires_grad=True)

                def forward(self, kind, x):
                    return x + self.offsets[kind]
            """,
        ),
        Example(
            "of-the-class",
            """
            import torch
            import torch.nn as nn

            class Swish(nn.Module):
                beta = nn.Parameter(torch.ones(1))  # <- here

                def forward(self, x):
                    return x * torch.sigmoid(self.beta * x)
            """,
        ),
        Example(
            "on-one-of-two-ways",
            """
            import torch
            from torch import nn

            class Memory(nn.Module):
                def __init__(self, slots):
                    super().__init__()
                    if torch.cuda.is_available():
                        self.keys = nn.Parameter(torch.zeros(slots, 8)).cuda()  # <- here
                    else:
                        self.keys = nn.Parameter(torch.zeros(slots, 8))

                def forward(self, q):
                    return torch.softmax(q @ self.keys.t(), -1)
            """,
        ),
    ),
}
