"""GRD406 sqrt-at-zero."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import guarding
from gradhealth_lint.rules.losses.ranges import between
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class SqrtAtZero:
    """A square root of what can be 0 and that a gradient goes back to."""

    code: ClassVar[str] = "GRD406"
    name: ClassVar[str] = "sqrt-at-zero"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} in what is back-propagated: {operand} {range}, and at 0 the slope "
        "of the root is infinite: times the slope of 0 behind it that is nan, for "
        "every parameter"
    )
    remedy: ClassVar[str] = "add the eps inside the root, where it keeps the slope finite: {better}"
    why: ClassVar[str] = (
        "The derivative of sqrt(x) is 1 / (2 sqrt(x)). Where x is a sum of "
        "squares, a squared error, a variance or an absolute value, it is 0 as "
        "soon as the two sides agree or the input is padding, and there the "
        "derivative of what is behind is 0: infinity times 0 is nan, and one such "
        "entry makes the whole gradient nan. An eps that is added to the root, or "
        "a clamp of it, comes too late. torch.norm, torch.std and torch.cdist "
        "define their slope at 0 to be 0 and are left alone, and so is a root of "
        "relu or of clamp, which let no gradient through there. Silent where the "
        "operand is not known, where an eps or a clamp is inside, and for what no "
        "gradient goes back to."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch issue 2421, the gradient of a square root at 0",
        "PyTorch documentation, torch.sqrt",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"sqrt|\*\*|\bpow\b|hypot"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every square root of what can be 0."""
        for steep in facts.steep:
            if steep.operation not in {"sqrt", "rsqrt", "hypot"} or steep.switched:
                continue
            yield Found(
                steep.anchor,
                self.message.format(text=steep.text, operand=steep.operand, range=between(steep)),
                self.remedy.format(better=f"{steep.operand} + 1e-8"),
                None if steep.operation == "hypot" else guarding.shifted(steep, "1e-8"),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "eps-inside",
            """
            import torch
            import torch.nn as nn

            class RMSELoss(nn.Module):
                def __init__(self, eps=1e-6):
                    super().__init__()
                    self.mse = nn.MSELoss()
                    self.eps = eps

                def forward(self, yhat, y):
                    return torch.sqrt(self.mse(yhat, y) + self.eps)
            """,
        ),
        Example(
            "the-norm-of-torch",
            """
            import torch

            def distance_loss(a, b):
                return torch.norm(a - b, dim=-1).mean() + (a - b).std()
            """,
        ),
        Example(
            "for-the-log-only",
            """
            import torch
            import torch.nn.functional as F

            def train(model, loader, optimizer):
                for x, y in loader:
                    loss = F.mse_loss(model(x), y)
                    rmse = torch.sqrt(loss)
                    print(rmse.item())
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "of-a-buffer",
            """
            import torch
            from torch import nn

            class Whiten(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.register_buffer("var", torch.ones(8))
                    self.out = nn.Linear(8, 8)

                def forward(self, x):
                    return self.out(x) / torch.sqrt(self.var)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "rmse-as-a-module",
            """
            import torch
            import torch.nn as nn

            class RMSELoss(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.mse = nn.MSELoss()

                def forward(self, yhat, y):
                    return torch.sqrt(self.mse(yhat, y))  # <- here
            """,
            """
            import torch
            import torch.nn as nn

            class RMSELoss(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.mse = nn.MSELoss()

                def forward(self, yhat, y):
                    return torch.sqrt(self.mse(yhat, y) + 1e-8)  # <- here
            """,
        ),
        Example(
            "eps-outside-the-root",
            """
            import torch

            def euclidean_loss(pred, target):
                distance = ((pred - target) ** 2).sum(dim=1).sqrt() + 1e-8  # <- here
                return distance.mean()
            """,
            """
            import torch

            def euclidean_loss(pred, target):
                distance = (((pred - target) ** 2).sum(dim=1) + 1e-8).sqrt() + 1e-8  # <- here
                return distance.mean()
            """,
        ),
        Example(
            "in-the-loop",
            """
            import torch
            import torch.nn.functional as F

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = torch.sqrt(F.mse_loss(model(x), y))  # <- here
                    loss.backward()
                    optimizer.step()
            """,
            """
            import torch
            import torch.nn.functional as F

            def train(model, loader, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = torch.sqrt(F.mse_loss(model(x), y) + 1e-8)  # <- here
                    loss.backward()
                    optimizer.step()
            """,
        ),
    )
