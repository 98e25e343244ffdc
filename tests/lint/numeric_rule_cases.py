"""Further examples of the rules on infinite slopes: other spellings, and guards of all kinds."""

from __future__ import annotations

from gradhealth_lint.violation import Example

GOOD: dict[str, tuple[Example, ...]] = {
    "GRD405": (
        Example(
            "log1p-of-a-square",
            """
            import torch
            def smooth_loss(pred, target):
                return torch.log1p((pred - target) ** 2).mean()
            """,
        ),
        Example(
            "exp-before",
            """
            import torch
            def log_cosh_loss(pred, target):
                d = pred - target
                return torch.log((torch.exp(d) + torch.exp(-d)) / 2).mean()
            """,
        ),
        Example(
            "a-metric-under-no-grad",
            """
            import torch
            @torch.no_grad()
            def perplexity_loss(pred):
                return torch.exp(-(pred * torch.log(pred)).sum())
            """,
        ),
        Example(
            "one-plus-a-square",
            """
            import torch
            def cauchy_loss(pred, target):
                return torch.log(1 + (pred - target) ** 2).mean()
            """,
        ),
        Example(
            "picked-where-positive",
            """
            import torch
            def entropy_loss(probs):
                mask = probs > 0
                return -(probs[mask] * probs[mask].log()).sum()
            """,
        ),
        Example(
            "not-a-loss",
            """
            import torch
            def entropy(probs):
                return -(probs * torch.log(probs)).sum(-1)
            """,
        ),
        Example(
            "numpy",
            """
            import numpy as np
            import torch
            def print_loss(pred):
                return np.log(pred)
            """,
        ),
        Example(
            "guarded-by-the-caller",
            """
            import torch
            from torch import nn
            import torch.nn.functional as F

            def poisson_loss(pred, count):
                return (pred - count * torch.log(pred)).mean()

            def train(net, loader, optimizer):
                for x, y in loader:
                    rate = F.softplus(net(x)) + 1e-6
                    loss = poisson_loss(rate, y)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
    ),
    "GRD406": (
        Example(
            "clamped-inside",
            """
            import torch
            def distance_loss(a, b):
                return ((a - b) ** 2).sum(-1).clamp(min=1e-12).sqrt().mean()
            """,
        ),
        Example(
            "difference-held-at-zero",
            """
            import torch

            def ranking_loss(better, worse):
                return torch.clamp(better - worse, min=0).sqrt().mean()
            """,
        ),
        Example(
            "larger-of-two",
            """
            import torch

            def distance_loss(a, b):
                zero = torch.zeros(1)
                return torch.sqrt(torch.max(a**2 - b, zero) + 1e-8).sum() + torch.sqrt(
                    torch.max(a**2 + b**2, zero) + 1e-8
                ).sum()
            """,
        ),
        Example(
            "picked-by-one-hot",
            """
            import torch
            import torch.nn.functional as F

            def library_loss(batch_index, variances, mean):
                chosen = F.linear(F.one_hot(batch_index).float(), variances)
                return (mean / torch.sqrt(chosen)).sum()
            """,
        ),
        Example(
            "charbonnier",
            """
            import torch
            import torch.nn as nn
            class CharbonnierLoss(nn.Module):
                def __init__(self, eps=1e-3):
                    super().__init__()
                    self.eps = eps

                def forward(self, x, y):
                    diff = x - y
                    return torch.mean(torch.sqrt(diff * diff + self.eps * self.eps))
            """,
        ),
        Example(
            "of-the-number-of-features",
            """
            import math
            import torch
            from torch import nn
            class Attention(nn.Module):
                def __init__(self, dim):
                    super().__init__()
                    self.q = nn.Linear(dim, dim)
                    self.dim = dim

                def forward(self, x):
                    return self.q(x) / math.sqrt(self.dim) + self.q(x) / self.dim ** 0.5
            """,
        ),
        Example(
            "root-of-relu",
            """
            import torch
            from torch import nn
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.out = nn.Linear(8, 8)

                def forward(self, x):
                    return torch.sqrt(torch.relu(self.out(x)))
            """,
        ),
        Example(
            "guarded-by-a-test",
            """
            import torch
            import torch.nn.functional as F
            def train(model, loader, optimizer):
                for x, y in loader:
                    loss = F.mse_loss(model(x), y)
                    if loss > 1e-8:
                        loss = loss.sqrt()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "detached",
            """
            import torch
            def scaled_loss(pred, target):
                scale = ((pred - target) ** 2).mean().detach().sqrt()
                return ((pred - target) ** 2).mean() / (scale + 1e-3)
            """,
        ),
        Example(
            "exp-of-the-log-variance",
            """
            import torch
            def nll_loss(mu, logvar, target):
                std = torch.sqrt(torch.exp(logvar))
                return (((target - mu) / std) ** 2 + logvar).mean()
            """,
        ),
        Example(
            "a-metric",
            """
            import torch
            import torch.nn.functional as F
            def evaluate(model, loader):
                total = 0
                for x, y in loader:
                    total += torch.sqrt(F.mse_loss(model(x), y)).item()
                return total
            """,
        ),
    ),
    "GRD407": (
        Example(
            "count-of-its-own",
            """
            import torch
            from torch import nn

            class MeanOfPieces(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Linear(8, 8)

                def forward(self, x, words):
                    hidden = self.body(x)
                    total = torch.zeros_like(hidden).scatter_add_(1, words, hidden)
                    count = torch.zeros_like(hidden[:, :, 0])
                    count.scatter_add_(1, words, torch.ones(8))
                    some = count.unsqueeze(-1) > 0
                    return torch.where(some, total / count.unsqueeze(-1), torch.zeros_like(total))
            """,
        ),
        Example(
            "picked-with-a-mask",
            """
            import torch
            def masked_loss(x):
                return torch.log(x[x > 0]).mean()
            """,
        ),
        Example(
            "smooth-elu",
            """
            import torch
            from torch import nn
            class Act(nn.Module):
                def forward(self, x):
                    return torch.where(x > 0, x, torch.exp(x.clamp(max=0)) - 1)
            """,
        ),
        Example(
            "where-on-data",
            """
            import torch
            def preprocess(x):
                return torch.where(x > 0, torch.log(x), torch.zeros_like(x))
            """,
        ),
        Example(
            "two-arguments-fewer",
            """
            import torch
            def index_loss(pred):
                rows = torch.where(pred > 0)[0]
                return (pred[rows] + 1e-3).log().mean()
            """,
        ),
        Example(
            "bounded-below",
            """
            import torch
            def soft_loss(pred):
                x = pred ** 2 + 1e-4
                return torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x)).mean()
            """,
        ),
    ),
    "GRD409": (
        Example(
            "of-half-the-cosine",
            """
            import torch
            import torch.nn.functional as F
            def angle_loss(a, b):
                return torch.acos(0.5 * F.cosine_similarity(a, b, dim=-1)).mean()
            """,
        ),
        Example(
            "atan2",
            """
            import torch
            def heading_loss(pred, target):
                return torch.atan2(pred[:, 0], pred[:, 1]).sub(target).abs().mean()
            """,
        ),
        Example(
            "of-the-target",
            """
            import torch
            def phase_loss(pred, target):
                return (pred - torch.acos(target.clamp(-1, 1))).abs().mean()
            """,
        ),
        Example(
            "scaled-under-one",
            """
            import torch
            import torch.nn.functional as F
            def margin_loss(a, b):
                cosine = (F.normalize(a, dim=-1) * F.normalize(b, dim=-1)).sum(-1)
                return torch.acos(0.99999 * cosine).mean()
            """,
        ),
        Example(
            "of-an-input",
            """
            import torch
            from torch import nn
            class Fourier(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.out = nn.Linear(1, 8)

                def forward(self, x):
                    return self.out(torch.acos(x))
            """,
        ),
    ),
}

BAD: dict[str, tuple[Example, ...]] = {
    "GRD405": (
        Example(
            "gan-in-two-steps",
            """
            import torch as th
            from torch import nn

            class D(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Sequential(nn.Linear(8, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))

                def forward(self, x):
                    return th.sigmoid(self.net(x)).view(-1)

            d, g = D(), nn.Linear(4, 8)
            opt = th.optim.Adam(g.parameters())
            for z in zs:
                opt.zero_grad()
                score = d(g(z))
                g_loss = th.mean((1 - score).log())  # <- here
                g_loss.backward()
                opt.step()
            """,
        ),
        Example(
            "focal",
            """
            import torch
            import torch.nn as nn

            class FocalLoss(nn.Module):
                def __init__(self, gamma=2.0):
                    super().__init__()
                    self.gamma = gamma

                def forward(self, inputs, targets):
                    p = torch.sigmoid(inputs)
                    pt = p * targets + (1 - p) * (1 - targets)
                    neg = (1 - targets) * p ** 2 * torch.log(1 - p)  # <- here
                    return -(neg + pt).mean()
            """,
        ),
        Example(
            "clamped-to-zero",
            """
            import torch

            def nll_loss(pred, count):
                rate = torch.clamp(pred, 0, 1)
                return -(count * torch.log(rate)).mean()  # <- here
            """,
        ),
        Example(
            "relu-before",
            """
            from torch import log, relu
            from torch import nn

            class Rate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 4)

                def forward(self, x):
                    return log(relu(self.fc(x)))  # <- here
            """,
        ),
        Example(
            "log-of-a-linear-layer",
            """
            import torch
            from torch import nn

            class Rate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 4)

                def forward(self, x):
                    x = self.fc(x)
                    return x.log2()  # <- here
            """,
        ),
    ),
    "GRD406": (
        Example(
            "method-and-power",
            """
            import torch
            from torch import nn

            class ContrastiveLoss(nn.Module):
                def forward(self, a, b, label):
                    d = ((a - b).pow(2).sum(1)) ** 0.5  # <- here
                    return (label * d + (1 - label) * (1 - d).clamp(min=0)).mean()
            """,
        ),
        Example(
            "squares-clamped-to-zero",
            """
            import torch

            def triplet_loss(x, margin):
                d = (x[:, None] - x[None]).pow(2).sum(-1)
                d = torch.clamp(d, min=0.0)
                return torch.relu(torch.sqrt(d) - margin).mean()  # <- here
            """,
        ),
        Example(
            "through-a-helper",
            """
            import torch

            def rmse(a, b):
                return torch.sqrt(torch.mean(torch.square(a - b)))  # <- here

            def fit(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    out = model(x)
                    loss = rmse(out, y)
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "variance",
            """
            import torch
            from torch import nn

            class Pool(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(8, 8)

                def forward(self, x):
                    h = self.fc(x)
                    return torch.cat([h.mean(1), torch.sqrt(h.var(1))], 1)  # <- here
            """,
        ),
        Example(
            "criterion-in-a-notebook",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
            criterion = nn.MSELoss()
            opt = torch.optim.SGD(model.parameters(), lr=0.01)
            for epoch in range(10):
                pred = model(X)
                loss = torch.sqrt(criterion(pred, y))  # <- here
                opt.zero_grad()
                loss.backward()
                opt.step()
            """,
        ),
        Example(
            "lambda",
            """
            import torch
            import torch.nn.functional as F

            def train(net, loader, opt):
                loss_fn = lambda a, b: F.mse_loss(a, b).sqrt()  # <- here
                for x, y in loader:
                    opt.zero_grad()
                    loss_fn(net(x), y).backward()
                    opt.step()
            """,
        ),
        Example(
            "magnitude",
            """
            import torch

            def spectral_loss(pred_real, pred_imag, target):
                magnitude = torch.sqrt(pred_real ** 2 + pred_imag ** 2)  # <- here
                return (magnitude - target).abs().mean()
            """,
        ),
    ),
    "GRD407": (
        Example(
            "reciprocal-of-a-norm",
            """
            import torch
            def direction_loss(vec, target):
                n = vec.norm(dim=-1, keepdim=True)
                unit = torch.where(n > 0, vec / n, torch.zeros_like(vec))  # <- here
                return (unit - target).abs().mean()
            """,
        ),
        Example(
            "named-branch",
            """
            import torch
            def plogp_loss(p):
                entropy = p * torch.log(p)
                return -torch.where(p == 0, torch.zeros_like(p), entropy).sum()  # <- here
            """,
        ),
        Example(
            "power",
            """
            import torch
            from torch import nn
            class Gamma(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.body = nn.Conv2d(3, 3, 3)

                def forward(self, x):
                    x = self.body(x)
                    return torch.where(x > 1e-3, x ** (1 / 2.4), 12.92 * x)  # <- here
            """,
        ),
    ),
    "GRD409": (
        Example(
            "dot-of-units",
            """
            import torch
            from torch.nn.functional import normalize
            def angle_loss(a, b):
                cos = (normalize(a, dim=1) * normalize(b, dim=1)).sum(1)
                return cos.acos().mean()  # <- here
            """,
        ),
        Example(
            "divided-by-norms",
            """
            import torch
            def angle_loss(a, b):
                cos = torch.sum(a * b, dim=1) / (a.norm(dim=1) * b.norm(dim=1) + 1e-8)
                return torch.arccos(cos).mean()  # <- here
            """,
        ),
        Example(
            "atanh-of-tanh",
            """
            import torch
            from torch import nn
            class Policy(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc = nn.Linear(4, 2)

                def forward(self, x):
                    a = torch.tanh(self.fc(x))
                    return a, torch.atanh(a)  # <- here
            """,
        ),
    ),
}
