"""Further examples of GRD105."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD105": (
        Example(
            "learned-adjacency",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Graph(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.one = nn.Parameter(torch.empty(20, 4))
                    self.two = nn.Parameter(torch.empty(4, 20))
                    nn.init.xavier_normal_(self.one)
                    nn.init.xavier_normal_(self.two)

                def forward(self):
                    return F.softmax(F.relu(self.one @ self.two), dim=1)
            """,
        ),
        Example(
            "relu-only-in-an-encoder",
            """
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(20, 8)
                    self.act = nn.ReLU()

                def forward(self, x):
                    return self.act(self.fc(x))

            class Classifier(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.encoder = Encoder()
                    self.head = nn.Linear(8, 3)

                def forward(self, x):
                    return self.head(self.encoder(x))

            model = Classifier()
            loss = nn.CrossEntropyLoss()(model(inputs), targets)
            """,
        ),
        Example(
            "scaled-tanh-of-pointer-networks",
            """
            import torch
            from torch import nn

            class Pointer(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.v = nn.Linear(32, 1)

                def forward(self, h):
                    return 10 * torch.tanh(self.v(h)).squeeze(-1)

            model = Pointer()
            loss = nn.functional.cross_entropy(model(hidden), target)
            """,
        ),
        Example(
            "tanh-before-attention",
            """
            import torch
            from torch import nn

            class Attention(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(32, 1)

                def forward(self, h):
                    return torch.softmax(torch.tanh(self.score(h)), dim=1)
            """,
        ),
        Example(
            "gate-of-a-map",
            """
            import torch
            from torch import nn

            class SpatialGate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(2, 1, 7, padding=3)
                    self.bn = nn.BatchNorm2d(1)

                def forward(self, x):
                    return torch.sigmoid(torch.relu(self.bn(self.conv(x))))
            """,
        ),
        Example(
            "depends-on-a-switch",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self, last=False):
                    super().__init__()
                    self.fc = nn.Linear(20, 10)
                    self.last = last

                def forward(self, x):
                    x = self.fc(x)
                    return x if self.last else F.relu(x)

            model = Net(last=True)
            loss = F.cross_entropy(model(x), y)
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD105": (
        Example(
            "loop-over-all-layers",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class MLP(nn.Module):
                def __init__(self, sizes=(784, 256, 64, 10)):
                    super().__init__()
                    self.layers = nn.ModuleList(
                        [nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])]
                    )

                def forward(self, x):
                    for layer in self.layers:
                        x = F.relu(layer(x))  # <- here
                    return x

            model = MLP()
            loss = F.cross_entropy(model(x), y)
            """,
        ),
        Example(
            "half-or-more",
            """
            import torch
            from torch import nn

            class Binary(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(30, 16)
                    self.fc2 = nn.Linear(16, 1)

                def forward(self, x):
                    x = torch.relu(self.fc1(x))
                    x = torch.relu(self.fc2(x))  # <- here
                    return torch.sigmoid(x)
            """,
        ),
        Example(
            "tanh-before-bce-with-logits",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Critic(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.main = nn.Sequential(
                        nn.Linear(784, 9), nn.LeakyReLU(0.2), nn.Linear(9, 1), nn.Tanh()  # <- here
                    )

                def forward(self, x):
                    return self.main(x)

            critic = Critic()

            def critic_loss(real, fake):
                ones = torch.ones(len(real), 1)
                return F.binary_cross_entropy_with_logits(critic(real), ones)
            """,
        ),
        Example(
            "outside-the-model",
            """
            import torch.nn.functional as F

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    logits = F.relu(model(x))  # <- here
                    loss = F.cross_entropy(logits, y)
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "norm-and-gelu-in-a-lightning-module",
            """
            import pytorch_lightning as pl
            import torch
            from torch.nn import BatchNorm1d, CrossEntropyLoss, GELU, Linear, Sequential

            class Lit(pl.LightningModule):
                def __init__(self):
                    super().__init__()
                    self.body = Sequential(Linear(20, 32), GELU())
                    self.head = Sequential(Linear(32, 4), BatchNorm1d(4), GELU())  # <- here
                    self.loss = CrossEntropyLoss()

                def forward(self, x):
                    return self.head(self.body(x))

                def training_step(self, batch, index):
                    x, y = batch
                    return self.loss(self(x), y)
            """,
        ),
        Example(
            "policy",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Policy(nn.Module):
                def __init__(self):
                    super(Policy, self).__init__()
                    self.affine1 = nn.Linear(4, 128)
                    self.affine2 = nn.Linear(128, 2)

                def forward(self, x):
                    x = self.affine1(x)
                    x = F.relu(x)
                    action_scores = F.relu(self.affine2(x))  # <- here
                    return F.softmax(action_scores, dim=1)
            """,
        ),
    ),
}
