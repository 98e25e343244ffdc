"""Further examples of the rule about learning rates."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD313": (
        Example(
            "gaussian-process",
            """
            import gpytorch
            import torch

            class Model(gpytorch.models.ExactGP):
                def __init__(self, x, y, likelihood):
                    super().__init__(x, y, likelihood)
                    self.mean_module = gpytorch.means.ConstantMean()

            model = Model(x, y, gpytorch.likelihoods.GaussianLikelihood())
            optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
            """,
        ),
        Example(
            "two-small-layers",
            """
            import torch
            from torch import nn

            net = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
            optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
            plain = torch.optim.SGD(net.parameters(), lr=5)
            """,
        ),
        Example(
            "warm-up-from-zero",
            """
            import torch
            from torch import nn

            class WarmUp:
                def __init__(self, optimizer, size, steps):
                    self.optimizer, self.size, self.steps, self.count = optimizer, size, steps, 0

                def step(self):
                    self.count += 1
                    for group in self.optimizer.param_groups:
                        group["lr"] = self.size ** -0.5 * self.count * self.steps ** -1.5
                    self.optimizer.step()

            model = nn.Transformer(64, 4)
            optimizer = WarmUp(torch.optim.Adam(model.parameters(), lr=0, eps=1e-9), 64, 4000)
            """,
        ),
        Example(
            "groups-of-their-own",
            """
            import torch
            from torch import nn

            body, head = nn.Linear(64, 64), nn.Linear(64, 8)
            optimizer = torch.optim.Adam(
                [
                    {"params": body.parameters(), "lr": 1e-4},
                    {"params": head.parameters(), "lr": 1e-3},
                ],
                lr=10.0,
            )
            """,
        ),
        Example(
            "one-setting-for-several",
            """
            import argparse
            import torch
            from torch import nn

            parser = argparse.ArgumentParser()
            parser.add_argument("--lr", type=float, default=0.1)
            parser.add_argument("--optimizer", default="sgd")
            args = parser.parse_args()
            model = nn.Sequential(*[nn.Linear(64, 64) for _ in range(4)])
            if args.optimizer == "adam":
                optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
            else:
                optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
            """,
        ),
        Example(
            "defaults-of-their-own",
            """
            import torch
            from torch import nn
            from torchvision import models

            model = models.resnet18()
            a = torch.optim.Adadelta(model.parameters(), lr=1.0)
            b = torch.optim.LBFGS(model.parameters(), lr=1)
            c = torch.optim.Adagrad(model.parameters(), lr=0.1)
            d = torch.optim.Rprop(model.parameters(), lr=0.1)
            """,
        ),
        Example(
            "epsilon-in-its-place",
            """
            import torch
            from torch import nn

            model = nn.Linear(64, 8)
            optimizer = torch.optim.Adam(model.parameters(), 1e-3, (0.9, 0.999), 1e-12)
            """,
        ),
    ),
}
BAD: dict[str, tuple[Example, ...]] = {
    "GRD313": (
        Example(
            "positional",
            """
            import torch as th
            from torch.nn import Conv2d, Flatten, Linear, ReLU, Sequential

            net = Sequential(Conv2d(3, 16, 3), ReLU(), Conv2d(16, 32, 3), ReLU(), Flatten(),
                             Linear(25088, 10))
            opt = th.optim.Adam(net.parameters(), 0.5)  # <- here
            """,
        ),
        Example(
            "setting-of-a-class",
            """
            import torch
            import torch.nn as nn
            from torch.optim import RMSprop

            class Config:
                lr = 1.0

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(64, 64)
                    self.fc2 = nn.Linear(64, 64)
                    self.fc3 = nn.Linear(64, 4)

                def forward(self, x):
                    return self.fc3(self.fc2(self.fc1(x).relu()).relu())

            def main():
                net = Net().cuda()
                optimizer = RMSprop(net.parameters(), lr=Config.lr)  # <- here
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(net(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "torchvision",
            """
            import torch.optim as optim
            from torchvision.models import resnet50

            def make(device):
                net = resnet50(weights=None)
                net = net.to(device)
                return net, optim.SGD(params=net.parameters(), momentum=0.9, lr=10)  # <- here
            """,
        ),
        Example(
            "step-size-does-not-mend-it",
            """
            import torch
            from torch import nn

            model = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4), 2)
            optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.01)  # <- here
            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
            """,
        ),
        Example(
            "named-beside-another",
            """
            import torch.nn as nn
            import torch.optim as optim

            learning_rate = 0.1
            layers = []
            for n in (64, 64, 64):
                layers += [nn.Linear(64, n), nn.ReLU()]
            model = nn.Sequential(*layers, nn.Linear(64, 10))
            optimizer = optim.Adam(  # <- here
                filter(lambda p: p.requires_grad, model.parameters()), lr=learning_rate
            )
            other = optim.SGD(nn.Linear(8, 1).parameters(), lr=1e-2)
            """,
        ),
        Example(
            "zero",
            """
            import torch
            from models import Net

            model = Net()
            optimizer = torch.optim.Adam(model.parameters(), lr=0.0)  # <- here
            """,
        ),
        Example(
            "any-model",
            """
            import torch

            def train(model, loader):
                optimizer = torch.optim.Adam(model.parameters(), lr=1)  # <- here
                for x, y in loader:
                    loss = torch.nn.functional.cross_entropy(model(x), y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
}
