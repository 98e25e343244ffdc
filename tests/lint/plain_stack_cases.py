"""Further examples of GRD106 and GRD107."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD106": (
        Example(
            "norm-after-it",
            """
            from torch import nn

            net = nn.Sequential(
                nn.Linear(20, 64), nn.Sigmoid(), nn.BatchNorm1d(64), nn.Linear(64, 2)
            )
            """,
        ),
        Example(
            "squeeze-and-excite",
            """
            import torch
            from torch import nn

            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.down, self.up = nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 1)
                    self.out = nn.Conv2d(16, 16, 3)

                def forward(self, x):
                    gate = torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3), True)))))
                    return self.out(x * gate)
            """,
        ),
        Example(
            "used-twice",
            """
            import torch
            from torch import nn

            class Soft(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.code, self.back = nn.Linear(20, 8), nn.Linear(8, 20)

                def forward(self, x):
                    p = torch.softmax(self.code(x), dim=1)
                    return self.back(p), p
            """,
        ),
        Example(
            "talking-heads",
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.qkv = nn.Linear(64, 192)
                    self.before, self.after = nn.Linear(4, 4), nn.Linear(4, 4)

                def forward(self, x):
                    n, length, _ = x.shape
                    q, k, v = self.qkv(x).reshape(n, length, 3, 4, 16).permute(2, 0, 3, 1, 4)
                    scores = (q @ k.transpose(-2, -1)) * 0.25
                    scores = self.before(scores.permute(0, 2, 3, 1))
                    weights = self.after(scores.softmax(dim=-2)).permute(0, 3, 1, 2)
                    return (weights @ v).transpose(1, 2).reshape(n, length, 64)
            """,
        ),
        Example(
            "swish-by-hand",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a, self.b = nn.Linear(20, 20), nn.Linear(20, 20)

                def forward(self, x):
                    x = self.a(x)
                    return self.b(x * x.sigmoid())
            """,
        ),
        Example(
            "sigmoid-of-numpy",
            """
            import torch
            from torch import nn
            from mylib import sigmoid

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a, self.b = nn.Linear(20, 20), nn.Linear(20, 20)

                def forward(self, x):
                    return self.b(sigmoid(self.a(x)))
            """,
        ),
    ),
    "GRD107": (
        Example(
            "depth-not-told",
            """
            from torch import nn
            from project.init import initialize_weights

            class Net(nn.Module):
                def __init__(self, depth):
                    super().__init__()
                    layers = [nn.Linear(8, 32), nn.ReLU()]
                    for _ in range(depth):
                        layers += [nn.Linear(32, 32), nn.ReLU()]
                    self.net = nn.Sequential(*layers)
                    initialize_weights(self)

                def forward(self, x):
                    return self.net(x)
            """,
        ),
        Example(
            "weight-norm",
            """
            from torch import nn
            from torch.nn.utils import weight_norm

            net = nn.Sequential(
                *[m for _ in range(40) for m in (weight_norm(nn.Linear(64, 64)), nn.ReLU())]
            )
            """,
        ),
        Example(
            "one-norm-in-the-middle",
            """
            from torch import nn

            def layers(n):
                return [m for _ in range(n) for m in (nn.Linear(64, 64), nn.ReLU())]

            net = nn.Sequential(*layers(20), nn.LayerNorm(64), *layers(20))
            for m in net:
                if isinstance(m, nn.Linear):
                    nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "dense-connections",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList(
                        nn.Conv2d(16 + 8 * i, 8, 3, padding=1) for i in range(40)
                    )

                def forward(self, x):
                    for layer in self.layers:
                        x = torch.cat([x, torch.relu(layer(x))], dim=1)
                    return x
            """,
        ),
        Example(
            "layers-that-no-forward-applies-in-a-row",
            """
            from torch import nn

            class Heads(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.heads = nn.ModuleList(nn.Linear(64, 1) for _ in range(50))

                def forward(self, x):
                    return [head(x) for head in self.heads]
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD106": (
        Example(
            "functional-in-a-convolution",
            """
            import torch.nn as nn
            from torch.nn import functional as F

            class CNN(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv1 = nn.Conv2d(1, 8, 3)
                    self.conv2 = nn.Conv2d(8, 8, 3)
                    self.fc = nn.Linear(200, 10)

                def forward(self, x):
                    x = F.max_pool2d(F.sigmoid(self.conv1(x)), 2)  # <- here
                    x = F.max_pool2d(F.relu(self.conv2(x)), 2)
                    return self.fc(x.flatten(1))
            """,
        ),
        Example(
            "method",
            """
            from torch.nn import Linear, Module

            class Net(Module):
                def __init__(self):
                    super().__init__()
                    self.one, self.two = Linear(4, 8), Linear(8, 3)

                def forward(self, x):
                    return self.two(self.one(x).sigmoid())  # <- here
            """,
        ),
        Example(
            "activation-in-an-attribute",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self, activation=nn.Sigmoid()):
                    super().__init__()
                    self.fc1 = nn.Linear(10, 20)
                    self.fc2 = nn.Linear(20, 1)
                    self.act = activation

                def forward(self, x):
                    x = self.fc1(x)
                    x = self.act(x)  # <- here
                    return self.fc2(x)

            net = Net()
            """,
        ),
    ),
    "GRD107": (
        Example(
            "selu-with-lecun-init",
            """
            import torch.nn as nn

            def fc(width):
                layer = nn.Linear(width, width)
                nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
                nn.init.zeros_(layer.bias)
                return layer

            model = nn.Sequential()  # <- here
            for i in range(32):
                model.add_module(f"fc{i}", fc(256))
                model.add_module(f"act{i}", nn.SELU())
            """,
        ),
        Example(
            "tanh-with-xavier",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layers = nn.ModuleList([nn.Linear(300, 300) for _ in range(34)])  # <- here
                    for layer in self.layers:
                        nn.init.xavier_normal_(layer.weight, gain=1.2)
                        nn.init.zeros_(layer.bias)

                def forward(self, x):
                    for layer in self.layers:
                        x = torch.tanh(layer(x))
                    return x
            """,
        ),
        Example(
            "only-a-norm-before",
            """
            from torch.nn import BatchNorm1d, Linear, ReLU, Sequential, init

            def block():
                layer = Linear(100, 100)
                init.kaiming_uniform_(layer.weight, nonlinearity="relu")
                layer.bias.data.zero_()
                return Sequential(layer, ReLU())

            net = Sequential(BatchNorm1d(100), *[block() for _ in range(45)])  # <- here
            """,
        ),
    ),
}
