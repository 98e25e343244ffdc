"""Steps whose gradient is cleared or missing, in helpers, closures and loops."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD307": (
        Example(
            "optimize-method",
            """
            import torch

            class A:
                def __init__(self, net):
                    self.net = net
                    self.optimizer = torch.optim.Adam(net.parameters())

                def _backward(self, loss):
                    loss.backward()

                def optimize(self):
                    self.optimizer.zero_grad()  # <- here
                    self.optimizer.step()

                def train(self, loader):
                    for x in loader:
                        loss = self.net(x).mean()
                        self._backward(loss)
                        self.optimize()
            """,
        ),
        Example(
            "ahead-of-the-clip",
            """
            import torch

            def train(model, loader, optimizer, criterion):
                for x, y in loader:
                    loss = criterion(model(x), y)
                    loss.backward()
                    optimizer.zero_grad()  # <- here
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
                    optimizer.step()
            """,
        ),
        Example(
            "several-optimizers",
            """
            import torch

            def train(models, loader):
                optimizers = [torch.optim.Adam(m.parameters()) for m in models]
                for x in loader:
                    loss = sum(m(x).mean() for m in models)
                    loss.backward()
                    for optimizer in optimizers:
                        optimizer.zero_grad()  # <- here
                        optimizer.step()
            """,
        ),
        Example(
            "cleared-and-stepped-in-loops",
            """
            import torch

            def step(loss, optimizers):
                loss.backward()
                for o in optimizers:
                    o.zero_grad()  # <- here
                for o in optimizers:
                    o.step()
            """,
        ),
        Example(
            "in-the-closure",
            """
            import torch

            model = torch.nn.Linear(3, 1)
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:

                def closure():
                    loss = ((model(x) - y) ** 2).mean()
                    loss.backward()
                    optimizer.zero_grad()  # <- here
                    return loss
                optimizer.step(closure)
            """,
        ),
        Example(
            "own-zero-grad",
            """
            import torch

            class A:
                def step(self, loss):
                    loss.backward()
                    self.zero_grad()
                    self.opt.step()

                def zero_grad(self):
                    self.opt.zero_grad()  # <- here
            """,
        ),
    ),
    "GRD308": (
        Example(
            "step-before-backward-in-a-method",
            """
            import torch

            class A:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def train_step(self, x):
                    self.opt.zero_grad()
                    loss = self.net(x).mean()
                    self.opt.step()  # <- here
                    loss.backward()
                    return loss.item()

                def fit(self, loader):
                    for x in loader:
                        self.train_step(x)
            """,
        ),
        Example(
            "method-that-nobody-calls",
            """
            import torch

            class A:
                def __init__(self, net):
                    self.net = net
                    self.opt = torch.optim.Adam(net.parameters())

                def train_step(self, x):
                    self.opt.zero_grad()
                    loss = self.net(x).mean()
                    self.opt.step()  # <- here
                    loss.backward()
                    return loss.item()
            """,
        ),
        Example(
            "nothing-goes-backward",
            """
            import torch
            from torch import nn

            net = nn.Linear(3, 1)
            criterion = nn.MSELoss()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    out = net(x)
                    loss = criterion(out, y)
                    optimizer.step()  # <- here
                    print(loss.item())
            """,
        ),
        Example(
            "optimize-function",
            """
            import torch

            def optimize(opt):
                opt.zero_grad()
                opt.step()  # <- here

            def train(net, loader):
                optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
                for x, y in loader:
                    loss = torch.nn.functional.mse_loss(net(x), y)
                    optimize(optimizer)
                    loss.backward()
            """,
        ),
    ),
}
