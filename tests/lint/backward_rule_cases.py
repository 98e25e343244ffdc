"""Further examples of the rules about where a backward pass starts; each other's good ones."""

from __future__ import annotations

from gradhealth_lint.rules.training_loop.grd310_detached_loss import DetachedLoss
from gradhealth_lint.rules.training_loop.grd311_requires_grad_on_loss import RequiresGradOnLoss
from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD310": RequiresGradOnLoss.good,
    "GRD311": DetachedLoss.good,
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD310": (
        Example(
            "in-a-class",
            """
            import torch

            class Trainer:
                def __init__(self, model):
                    self.model = model
                    self.optimizer = torch.optim.Adam(model.parameters())

                def step(self, batch):
                    self.optimizer.zero_grad()
                    value = self.model(batch)
                    loss = torch.FloatTensor(value)
                    loss = torch.as_tensor(value)
                    loss = torch.tensor(value, dtype=torch.float32, requires_grad=True)  # <- here
                    loss.backward()
                    self.optimizer.step()
            """,
        ),
        Example(
            "moved-to-the-device",
            """
            import torch as th

            def fit(net, opt, loader, device):
                for x, y in loader:
                    err = ((net(x) - y) ** 2).mean()
                    loss = th.tensor(err.cpu().item(), requires_grad=True).to(device)  # <- here
                    opt.zero_grad()
                    loss.backward()
                    opt.step()
            """,
        ),
        Example(
            "numpy-in-between",
            """
            import numpy as np
            import torch

            def objective(model, x, y, optimizer):
                pred = model(x).detach().numpy()
                mse = np.mean((pred - y) ** 2)
                loss = torch.tensor(mse, requires_grad=True)  # <- here
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                return mse
            """,
        ),
    ),
    "GRD311": (
        Example(
            "in-the-call",
            """
            import torch

            class Learner:
                def learn(self, batch):
                    with torch.no_grad():
                        value = self.net(batch)
                    loss = value.pow(2).mean()
                    loss.requires_grad_(True).backward()  # <- here
                    self.optimizer.step()
            """,
        ),
        Example(
            "while",
            """
            import torch
            from torch import nn

            net = nn.Linear(2, 2)
            opt = torch.optim.Adam(net.parameters())
            done = False
            while not done:
                err = nn.L1Loss()(net(x).round(), y)
                err.requires_grad = True  # <- here
                opt.zero_grad()
                err.backward()
                opt.step()
            """,
        ),
        Example(
            "mean-afterwards",
            """
            import torch

            def finetune(model, optimizer, batches, criterion):
                for batch in batches:
                    losses = criterion(model.predict(batch), batch.y)
                    losses.requires_grad_()  # <- here
                    optimizer.zero_grad()
                    losses.backward(torch.ones_like(losses))
                    optimizer.step()
            """,
        ),
    ),
}
