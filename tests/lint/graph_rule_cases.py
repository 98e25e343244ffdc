"""The graph rules' further examples."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD501": (
        Example(
            "teacher",
            """
            from torch import nn

            class Student(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    self.teacher = [nn.Linear(8, 8)]

                def forward(self, x):
                    return self.body(x), self.teacher[0](x)
            """,
        ),
        Example(
            "plain-class",
            """
            from torch import nn

            class Ensemble:
                def __init__(self):
                    self.members = [nn.Linear(8, 8) for _ in range(5)]

                def predict(self, x):
                    return [member(x) for member in self.members]
            """,
        ),
        Example(
            "local",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self, sizes):
                    super().__init__()
                    layers = []
                    for a, b in zip(sizes, sizes[1:]):
                        layers += [nn.Linear(a, b), nn.ReLU()]
                    self.net = nn.Sequential(*layers)

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "named-one-by-one",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.heads = [nn.Linear(8, 2) for _ in range(3)]
                    for i, head in enumerate(self.heads):
                        self.add_module(f"head{i}", head)

                def forward(self, x):
                    return [head(x) for head in self.heads]
            """,
        ),
    ),
    "GRD506": (
        Example(
            "helper-called-by-init",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = self.build()

                def build(self):
                    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "function-outside",
            """
            from torch import nn

            def build(width):
                return nn.Sequential(nn.Linear(width, width), nn.Tanh())

            net = build(8)
            y = net(x)
            """,
        ),
        Example(
            "grown-on-purpose",
            """
            from torch import nn

            class Growing(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(8, 8)])

                def grow(self):
                    self.layers.append(nn.Linear(8, 8))

                def forward(self, x):
                    for layer in self.layers:
                        x = layer(x)
                    return x
            """,
        ),
        Example(
            "loss-layer",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 2)

                def forward(self, x, y):
                    return nn.CrossEntropyLoss()(self.fc(x), y)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD501": (
        Example(
            "tuple-of-two",
            """
            import torch as th
            import torch.nn as nn

            class Twin(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.towers = (nn.LSTM(4, 8), nn.LSTM(4, 8))  # <- here

                def forward(self, a, b):
                    return self.towers[0](a)[0], self.towers[1](b)[0]
            """,
        ),
        Example(
            "blocks-of-own-class",
            """
            from torch import nn

            class Block(nn.Module):
                def __init__(self, width):
                    super().__init__()
                    self.fc = nn.Linear(width, width)

                def forward(self, x):
                    return x + self.fc(x)

            class Net(nn.Module):
                def __init__(self, width, depth):
                    super().__init__()
                    self.embed = nn.Linear(8, width)
                    self.blocks = list(Block(width) for _ in range(depth))  # <- here

                def forward(self, x):
                    x = self.embed(x)
                    for block in self.blocks:
                        x = block(x)
                    return x
            """,
        ),
        Example(
            "sequentials",
            """
            from torch import nn

            class Experts(nn.Module):
                def __init__(self, dim, n_experts=8):
                    super().__init__()
                    self.gate = nn.Linear(dim, n_experts)
                    self.experts = [  # <- here
                        nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
                        for _ in range(n_experts)
                    ]

                def forward(self, x):
                    w = self.gate(x).softmax(-1)
                    return sum(w[..., i : i + 1] * e(x) for i, e in enumerate(self.experts))
            """,
        ),
    ),
    "GRD506": (
        Example(
            "through-a-helper",
            """
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 16)

                def project(self, x, out):
                    layer = nn.Linear(16, out).to(x.device)  # <- here
                    return layer(x)

                def forward(self, x):
                    return self.project(self.body(x), 4)
            """,
        ),
        Example(
            "embedding",
            """
            import torch
            from torch.nn import Embedding, Module

            class Tokens(Module):
                def __init__(self, vocabulary):
                    super().__init__()
                    self.vocabulary = vocabulary

                def forward(self, ids):
                    table = Embedding(self.vocabulary, 32)  # <- here
                    return table(ids).mean(1)
            """,
        ),
        Example(
            "recurrent",
            """
            import torch.nn as nn

            class Encoder(nn.Module):
                def __init__(self, hidden):
                    super().__init__()
                    self.hidden = hidden

                def forward(self, x):
                    out, _ = nn.GRU(x.size(-1), self.hidden, batch_first=True)(x)  # <- here
                    return out[:, -1]
            """,
        ),
    ),
}
