"""Further examples of the rule about parameters that are changed by hand."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD504": (
        Example(
            "decorated",
            """
            import torch
            from torch import nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                @torch.no_grad()
                def halve(self):
                    self.fc.weight.mul_(0.5)
                    for p in self.parameters():
                        p.clamp_(-1, 1)

                def forward(self, x):
                    return self.fc(x)
            """,
        ),
        Example(
            "data-under-another-name",
            """
            from torch import nn

            def init(m):
                if isinstance(m, nn.Linear):
                    w = m.weight.data
                    w.normal_(0, 0.02)
                    w *= 0.5
                    nn.init.zeros_(m.bias)
            """,
        ),
        Example(
            "frozen",
            """
            import torch
            from torch import nn

            class Blur(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(1, 1, 3, bias=False)
                    self.conv.requires_grad_(False)
                    self.conv.weight.fill_(1 / 9)
                    self.scale = nn.Parameter(torch.ones(1), requires_grad=False)
                    self.scale *= 2
                    self.register_buffer("mean", torch.zeros(1))
                    self.mean += 1

                def forward(self, x):
                    return self.scale * self.conv(x) + self.mean
            """,
        ),
        Example(
            "plain-tensors",
            """
            import torch

            total = torch.zeros(3)
            count = torch.zeros(3)
            for x in batches:
                total += x.sum(0)
                count[0] = len(x)
                total.mul_(0.9)
            """,
        ),
        Example(
            "gradients-and-copies",
            """
            import torch
            from torch import nn

            model = nn.Linear(4, 1)
            for x, y in batches:
                loss = (model(x) - y).pow(2).mean()
                loss.backward()
                fast = []
                for p in model.parameters():
                    p.grad.clamp_(-1, 1)
                    p.grad *= 0.5
                    fast.append(p - 0.1 * p.grad)
                    p.data = p.data - 0.1 * p.grad
                    p.grad.zero_()
            """,
        ),
        Example(
            "leaf-again-by-flag",
            """
            import torch

            w = torch.tensor([0.0, 0.0], requires_grad=True)
            for x, y in batches:
                loss = (x @ w - y) ** 2
                loss.backward()
                with torch.no_grad():
                    w = w - 0.1 * w.grad
                w.requires_grad = True
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD504": (
        Example(
            "tensor-of-numbers",
            """
            import torch

            w = torch.tensor([0.5, -0.5], requires_grad=True)
            for epoch in range(100):
                loss = (w ** 2).sum()
                loss.backward()
                w.sub_(0.1 * w.grad)  # <- here
                w.grad.zero_()
            """,
        ),
        Example(
            "no-leaf-any-more",
            """
            import torch

            w = torch.randn(3, 1, requires_grad=True)
            for x, y in batches:
                loss = ((x @ w - y) ** 2).mean()
                loss.backward()
                w = w - 0.01 * w.grad  # <- here
            """,
        ),
        Example(
            "part-of-a-weight",
            """
            import torch.nn as nn

            class Tagger(nn.Module):
                def __init__(self, vocabulary, width):
                    super().__init__()
                    self.embed = nn.Embedding(vocabulary, width)
                    self.embed.weight[0] = 0  # <- here
                    self.out = nn.Linear(width, 2)

                def forward(self, x):
                    return self.out(self.embed(x).mean(1))
            """,
        ),
        Example(
            "init-function",
            """
            from torch import nn

            def weights_init(m):
                if isinstance(m, nn.Conv2d):
                    m.weight.normal_(0.0, 0.02)  # <- here

            net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
            net.apply(weights_init)
            """,
        ),
        Example(
            "noise-on-every-parameter",
            """
            import torch

            def perturb(model, sigma):
                for param in model.parameters():
                    param += sigma * torch.randn_like(param)  # <- here
            """,
        ),
        Example(
            "masked-in-forward",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class Pruned(nn.Module):
                def __init__(self, a, b):
                    super().__init__()
                    self.weight = nn.Parameter(0.1 * torch.randn(b, a))
                    self.register_buffer("mask", torch.ones(b, a))

                def forward(self, x):
                    self.weight *= self.mask  # <- here
                    return F.linear(x, self.weight)
            """,
        ),
    ),
}
