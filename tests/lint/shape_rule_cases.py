"""Further examples of the rule about predictions whose shape does not fit their loss."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD413": (
        Example(
            "flattened-in-forward",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 1)

                def forward(self, x):
                    return self.fc(x).view(-1)

            net = Net()
            y = torch.randn(100)
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for epoch in range(100):
                optimizer.zero_grad()
                nn.functional.mse_loss(net(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "choices",
            """
            import torch
            from torch import nn

            class Choice(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.score = nn.Linear(64, 1)

                def forward(self, x):
                    return self.score(x).view(-1, 4)

            model = Choice()
            optimizer = torch.optim.Adam(model.parameters())
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                optimizer.zero_grad()
                criterion(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "target-out-of-view",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "squeezed-to-match",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                out = model(x)
                y = y.squeeze()
                out = out.reshape(-1)
                nn.functional.smooth_l1_loss(out, y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "column-made-with-unsqueeze",
            """
            import torch
            import torch.nn as nn

            x = torch.unsqueeze(torch.linspace(-1, 1, 100), dim=1)
            y = x.pow(2) + 0.2 * torch.rand(x.size())
            net = nn.Sequential(nn.Linear(1, 10), nn.ReLU(), nn.Linear(10, 1))
            optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
            loss_func = nn.MSELoss()
            for t in range(200):
                prediction = net(x)
                loss = loss_func(prediction, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "rewritten-in-a-branch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                y = y.view(-1)
                if y.dim() == 1:
                    y = y.unsqueeze(1)
                optimizer.zero_grad()
                nn.functional.l1_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "transposed",
            """
            import torch
            from torch import nn

            model = nn.Linear(64, 1)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                scores = model(x).t()
                nn.functional.cross_entropy(scores, y).backward()
                optimizer.step()
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD413": (
        Example(
            "one-channel",
            """
            import torch
            import torch.nn as nn

            class Unet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.down = nn.Conv2d(3, 64, 3, padding=1)
                    self.out = nn.Conv2d(64, 1, 1)

                def forward(self, x):
                    return self.out(torch.relu(self.down(x)))

            def train(loader):
                model = Unet().cuda()
                optimizer = torch.optim.Adam(model.parameters())
                criterion = nn.CrossEntropyLoss()
                for images, masks in loader:
                    optimizer.zero_grad()
                    outputs = model(images.cuda())
                    loss = criterion(outputs, masks.cuda())  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "dropout-and-functional",
            """
            import torch as th
            import torch.nn as nn
            from torch.nn.functional import cross_entropy

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)
                    self.drop = nn.Dropout(0.5)
                    self.head = nn.Linear(8, 1)

                def forward(self, x):
                    return self.drop(self.head(self.body(x).relu()))

            net = Net()
            opt = th.optim.Adam(net.parameters())
            for x, y in loader:
                out = net(x)
                loss = cross_entropy(out, y)  # <- here
                opt.zero_grad()
                loss.backward()
                opt.step()
            """,
        ),
        Example(
            "column-of-a-table",
            """
            import pandas as pd
            import torch
            from torch import nn

            df = pd.read_csv("houses.csv")
            X = torch.tensor(df[["area", "rooms"]].values, dtype=torch.float32)
            y = torch.tensor(df["price"].values, dtype=torch.float32)
            model = nn.Linear(2, 1)
            criterion = nn.MSELoss()
            optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
            for epoch in range(100):
                y_pred = model(X)
                loss = criterion(y_pred, y)  # <- here
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "flattened-target",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Regressor(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))

                def forward(self, x):
                    return self.net(x)

            class Trainer:
                def __init__(self):
                    self.model = Regressor()
                    self.optimizer = torch.optim.Adam(self.model.parameters())

                def step(self, x, y):
                    y = y.float().view(-1)
                    loss = F.smooth_l1_loss(self.model(x), y)  # <- here
                    self.optimizer.zero_grad()
                    loss.backward()
                    self.optimizer.step()
            """,
        ),
        Example(
            "written-out",
            """
            import torch
            from torch import nn

            x = torch.tensor([[1.0], [2.0], [3.0]])
            y = torch.tensor([2.0, 4.0, 6.0])
            model = nn.Linear(1, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
            for _ in range(500):
                optimizer.zero_grad()
                loss = nn.L1Loss()(model(x), y)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "new-axis",
            """
            import torch
            import torch.nn.functional as F

            def fit(model, x, y, optimizer):
                for _ in range(100):
                    pred = model(x).flatten()
                    loss = F.huber_loss(pred, y[:, None])  # <- here
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
