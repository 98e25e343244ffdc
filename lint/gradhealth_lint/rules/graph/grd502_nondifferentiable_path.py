"""GRD502 nondifferentiable-path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class NondifferentiablePath:
    """A step function between what is trained and the loss."""

    code: ClassVar[str] = "GRD502"
    name: ClassVar[str] = "nondifferentiable-path"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{cut} has a slope of zero wherever it has one: no gradient comes back to {lost}, by "
        "this way or any other"
    )
    remedy: ClassVar[str] = (
        "train on the values before it: logits with a cross-entropy, probabilities in a soft "
        "Dice loss; where the step itself is wanted, use a straight-through estimator, x + "
        "(step(x) - x).detach(), or F.gumbel_softmax"
    )
    why: ClassVar[str] = (
        "argmax, round, sign, comparisons and casts to integers are constant except where "
        "they jump, so their derivative is zero or does not exist; PyTorch gives zeros for "
        "round and sign and no graph at all for argmax, comparisons and integers. What is "
        "behind them never learns. Silent where the same layers have another way to the loss,"
        " as with a straight-through estimator, gathered scores or a prediction that is "
        "returned beside its logits."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Bengio, Leonard and Courville (2013), Estimating or propagating gradients through "
        "stochastic neurons for conditional computation, section 4",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(
            rb"arg(max|min|sort)|round|floor|ceil|sign|trunc|heaviside|bucketize|bernoulli|long|int|bool|byte|short|[<>]=?|[!=]=|\b(eq|ne|gt|ge|lt|le)\b"
        ),
        re.compile(rb"Module|(?i:loss|criterion)|backward"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such place that keeps layers, or the prediction in a loss, from any gradient."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if (wiring.kind, wiring.function) != ("backward", "stepped") or wiring.source in seen:
                continue
            seen.add(wiring.source)
            what = wiring.source_text or "this"
            yield Found(wiring.source, self.message.format(cut=what, lost="the model"), self.remedy)
        for cut in facts.cut_off:
            if (
                cut.how != "stepped"
                or cut.reserved
                or (cut.whole and not cut.is_loss)
                or cut.anchor in seen
            ):
                continue
            seen.add(cut.anchor)
            yield Found(
                cut.anchor,
                self.message.format(cut=cut.text or "the comparison", lost=wording.lost(cut)),
                self.remedy,
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "straight-through",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    z = self.conv(x)
                    q = z + (torch.round(z) - z).detach()
                    return self.fc(q.mean((2, 3)))
            """,
        ),
        Example(
            "prediction-beside-the-logits",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    logits = self.fc(self.conv(x).mean((2, 3)))
                    return logits, logits.argmax(dim=1)
            """,
        ),
        Example(
            "metric",
            """
            import torch

            def accuracy(pred, target):
                return (pred.argmax(dim=1) == target).float().mean()
            """,
        ),
        Example(
            "indices-that-gather",
            """
            from torch import nn

            class Router(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.gate = nn.Linear(16, 4)
                    self.experts = nn.Linear(16, 16)

                def forward(self, x):
                    scores = self.gate(x).softmax(-1)
                    best = scores.argmax(-1, keepdim=True)
                    return self.experts(x) * scores.gather(-1, best)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "argmax-into-a-layer",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.conv = nn.Conv2d(3, 16, 3)
                    self.fc = nn.Linear(16, 10)

                def forward(self, x):
                    h = self.conv(x).mean((2, 3))
                    h = torch.round(h)  # <- here
                    return self.fc(h)
            """,
        ),
        Example(
            "rounded-prediction",
            """
            import torch
            import torch.nn.functional as F

            def mask_loss(pred, target):
                pred = torch.round(torch.sigmoid(pred))  # <- here
                return F.binary_cross_entropy(pred, target)
            """,
        ),
        Example(
            "thresholded-dice",
            """
            from torch import nn

            class DiceLoss(nn.Module):
                def forward(self, logits, target):
                    pred = (logits.sigmoid() > 0.5).float()  # <- here
                    overlap = (pred * target).sum()
                    return 1 - 2 * overlap / (pred.sum() + target.sum() + 1e-6)
            """,
        ),
    )
