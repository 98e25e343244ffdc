"""Further examples of the rule about checkpoints whose input asks for no gradient."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD509": (
        Example(
            "dummy-that-asks",
            """
            import torch
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Conv2d(3, 16, 3)
                    self.dummy = torch.ones(1, requires_grad=True)

                def forward(self, x):
                    return checkpoint(lambda x, dummy: self.stem(x), x, self.dummy)
            """,
        ),
        Example(
            "input-that-asks",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Conv2d(3, 16, 3)

                def forward(self, x):
                    x.requires_grad_()
                    return checkpoint(self.stem, x)
            """,
        ),
        Example(
            "blocks-of-a-model",
            """
            import torch
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Block(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(64, 64)

                def forward(self, x):
                    return checkpoint(self.fc, x, use_reentrant=True).relu()

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.stem = nn.Linear(8, 64)
                    self.blocks = nn.ModuleList([Block() for _ in range(3)])

                def forward(self, x):
                    x = self.stem(x)
                    for block in self.blocks:
                        x = block(x)
                    return x

            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "evaluation",
            """
            import torch
            from torch.utils.checkpoint import checkpoint
            from models import body

            with torch.no_grad():
                for x in loader:
                    print(checkpoint(body, x))
            """,
        ),
        Example(
            "nothing-to-train-in-it",
            """
            import torch
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.pool = nn.Sequential(nn.AvgPool2d(2), nn.Flatten())
                    self.head = nn.Linear(192, 10)

                def forward(self, x):
                    return self.head(checkpoint(self.pool, x))

            model = Net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "embedded-first",
            """
            import torch
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Lm(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.table = nn.Embedding(1000, 64)
                    self.fc = nn.Linear(64, 1000)

                def forward(self, ids):
                    return checkpoint(self.fc, self.table(ids), use_reentrant=True)
            """,
        ),
        Example(
            "files-of-that-name",
            """
            import torch
            from torch import nn
            from utils import checkpoint

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                checkpoint(model, x)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD509": (
        Example(
            "ids-into-an-embedding",
            """
            from torch import nn
            from torch.utils.checkpoint import checkpoint

            class Lm(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.table = nn.Embedding(1000, 64)
                    self.norm = nn.LayerNorm(64)
                    self.head = nn.Linear(64, 1000)

                def embed(self, ids):
                    return self.norm(self.table(ids))

                def forward(self, ids):
                    x = checkpoint(self.embed, ids)  # <- here
                    return self.head(x)
            """,
        ),
        Example(
            "segments",
            """
            import torch
            import torch.nn as nn
            from torch.utils.checkpoint import checkpoint_sequential

            class Vgg(nn.Module):
                def __init__(self):
                    super(Vgg, self).__init__()
                    self.features = nn.Sequential(
                        nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU()
                    )
                    self.fc = nn.Linear(64, 10)

                def forward(self, images):
                    out = checkpoint_sequential(self.features, 2, images)  # <- here
                    return self.fc(out.mean(dim=(2, 3)))
            """,
        ),
        Example(
            "whole-model-in-a-loop",
            """
            import torch
            import torch.utils.checkpoint
            from models import Net

            net = Net().cuda()
            optimizer = torch.optim.Adam(net.parameters())
            criterion = torch.nn.CrossEntropyLoss()
            for epoch in range(10):
                for images, labels in loader:
                    optimizer.zero_grad()
                    out = torch.utils.checkpoint.checkpoint(net, images)  # <- here
                    loss = criterion(out, labels)
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "flattened-first",
            """
            import torch
            from torch import nn
            from torch.utils import checkpoint

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 256)
                    self.fc2 = nn.Linear(256, 10)

                def first(self, x):
                    return torch.relu(self.fc1(x))

                def forward(self, x):
                    x = x.view(x.size(0), -1)
                    x = checkpoint.checkpoint(self.first, x, use_reentrant=True)  # <- here
                    return self.fc2(x)

            def train(loader):
                net = Net()
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(net(x), y).backward()
                    optimizer.step()
            """,
        ),
    ),
}
