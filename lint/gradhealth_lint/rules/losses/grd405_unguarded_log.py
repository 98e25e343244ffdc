"""GRD405 unguarded-log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import guarding
from gradhealth_lint.rules.losses.ranges import between
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.numeric_facts import Steep


class UnguardedLog:
    """The logarithm of a number that can be 0 and that a gradient goes back to."""

    code: ClassVar[str] = "GRD405"
    name: ClassVar[str] = "unguarded-log"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} in what is back-propagated: {operand} {range}, and at {edge} the "
        "logarithm is -inf and its slope infinite: one such entry makes the loss "
        "inf and the gradient nan"
    )
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "The derivative of log(x) is 1 / x. A probability that a model gives, or "
        "one minus it, is rounded to exactly 0 as soon as the model is sure: 1 - "
        "sigmoid(x) is 0 in float32 from x = 17 on, and a bound of 1 - 1e-8 is 1 in it. "
        "The loss becomes inf, and where the infinite slope meets a slope of 0 further "
        "back the gradient is nan, for all parameters at once. Arguments of losses that "
        "are named like probabilities count as such. Silent where something is added or the "
        "number is clamped away from 0, where the operand is not known, and for "
        "what no gradient goes back to: targets, data, metrics, code under "
        "no_grad. The logarithm of a softmax or sigmoid itself is GRD404."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.BCELoss, whose logarithms are clamped at -100",
        "Goodfellow, Bengio and Courville (2016), Deep Learning, section 4.1",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"log"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every logarithm of what can be 0."""
        for steep in facts.steep:
            if steep.operation not in {"log", "log1p"} or steep.switched or steep.kind in _FUSED:
                continue
            edge = "-1" if steep.operation == "log1p" else "0"
            yield Found(
                steep.anchor,
                self.message.format(
                    text=steep.text, operand=steep.operand, range=between(steep), edge=edge
                ),
                self.remedy.format(remedy=_remedy(steep)),
                _fix(steep),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "guarded-by-an-eps",
            """
            import torch

            def bce_loss(pred, target, eps=1e-7):
                positive = target * torch.log(pred + eps)
                return -(positive + (1 - target) * torch.log(1 - pred + eps)).mean()
            """,
        ),
        Example(
            "clamped",
            """
            import torch

            def nll_loss(prob, index):
                prob = prob.clamp(min=1e-6, max=1 - 1e-6)
                return -(prob.log().mean() + (1 - prob).log().mean())
            """,
        ),
        Example(
            "positive-by-softplus",
            """
            import torch
            from torch import nn
            import torch.nn.functional as F

            class Gaussian(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.mean = nn.Linear(8, 1)
                    self.spread = nn.Linear(8, 1)

                def forward(self, x, y):
                    variance = F.softplus(self.spread(x)) + 1e-6
                    return (torch.log(variance) + (y - self.mean(x)) ** 2 / variance).mean()
            """,
        ),
        Example(
            "of-the-target",
            """
            import torch

            def kl_loss(log_q, target):
                return (target * (torch.log(target) - log_q)).sum(-1).mean()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "bce-by-hand",
            """
            import torch
            import torch.nn as nn

            class BCE(nn.Module):
                def forward(self, logits, target):
                    p = torch.sigmoid(logits)
                    positive = target * nn.functional.logsigmoid(logits)
                    negative = (1 - target) * torch.log(1 - p)  # <- here
                    return -(positive + negative).mean()

            criterion_loss = BCE()
            """,
            """
            import torch
            import torch.nn as nn

            class BCE(nn.Module):
                def forward(self, logits, target):
                    p = torch.sigmoid(logits)
                    positive = target * nn.functional.logsigmoid(logits)
                    negative = (1 - target) * torch.log((1 - p).clamp_min(1e-6))  # <- here
                    return -(positive + negative).mean()

            criterion_loss = BCE()
            """,
        ),
        Example(
            "of-a-models-output",
            """
            import torch
            from torch import nn

            judge = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
            generator = nn.Linear(4, 8)
            optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4)
            for noise in noises:
                fake = judge(generator(noise))
                loss = torch.log(1.0 - fake).mean()  # <- here
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn

            judge = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1), nn.Sigmoid())
            generator = nn.Linear(4, 8)
            optimizer = torch.optim.Adam(generator.parameters(), lr=2e-4)
            for noise in noises:
                fake = judge(generator(noise))
                loss = torch.log((1.0 - fake).clamp_min(1e-6)).mean()  # <- here
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "of-an-argument",
            """
            import torch

            def cross_entropy_loss(y_pred, y_true):
                return -(y_true * torch.log(y_pred)).sum(1).mean()  # <- here
            """,
            """
            import torch

            def cross_entropy_loss(y_pred, y_true):
                return -(y_true * torch.log(y_pred.clamp_min(1e-6))).sum(1).mean()  # <- here
            """,
        ),
    )


#: What GRD404 reports.
_FUSED = frozenset({"softmax", "sigmoid"})


def _remedy(steep: Steep) -> str:
    if steep.operation == "log1p":
        return f"clamp {steep.operand} above -1, or compute the logarithm from the logits"
    if steep.high <= 1:
        return (
            "compute it from the logits (F.logsigmoid, F.log_softmax, or a loss that takes "
            f"logits), or write torch.log(({steep.operand}).clamp(min=1e-6))"
        )
    return f"keep it away from 0: torch.log(({steep.operand}).clamp(min=1e-6))"


def _fix(steep: Steep) -> Plan | None:
    """A clamp; what can be negative is no probability that was rounded, and is left alone."""
    if steep.operation != "log" or steep.low < 0:
        return None
    return guarding.clamped(steep, "clamp_min", "1e-6", "unsafe")
