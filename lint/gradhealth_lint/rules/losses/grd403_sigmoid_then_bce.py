"""GRD403 sigmoid-then-bce."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class SigmoidThenBce:
    """A sigmoid and a binary cross-entropy in two steps, where one function has both."""

    code: ClassVar[str] = "GRD403"
    name: ClassVar[str] = "sigmoid-then-bce"
    severity: ClassVar[Severity] = "advice"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{function} goes into {loss}: in float32 it is exactly 1 from a logit of 17 on, "
        "where its slope is 0, so a mistake as sure as that gets no gradient"
    )
    remedy: ClassVar[str] = (
        "give the logits to {fused}, which computes both in one; apply the sigmoid where "
        "probabilities are needed, at prediction"
    )
    why: ClassVar[str] = (
        "Sigmoid and binary cross-entropy together have the slope p - y, which is "
        "largest where the answer is most wrong. In two steps that is 1 / (p (1 - p)) "
        "times p (1 - p): the loss clamps the first at 1e12 and its logarithms at -100, "
        "the second is rounded to 0, and the product is 0 for a logit above 17 and "
        "fades below -27. Under float16 autocast torch refuses the pair. "
        "binary_cross_entropy_with_logits computes the same number without the detour. "
        "Models are followed to their last operation. Silent where that is not known, "
        "where the probabilities are clamped or combined before the loss, and for a "
        "softmax."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.BCEWithLogitsLoss",
        "PyTorch documentation, Autocast Op Reference, Prefer "
        "binary_cross_entropy_with_logits over binary_cross_entropy",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:sigmoid)|expit"),
        re.compile(rb"BCELoss|binary_cross_entropy"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every BCE on the result of a sigmoid."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if (wiring.kind, wiring.function) != ("bce", "sigmoid") or wiring.source in seen:
                continue
            seen.add(wiring.source)
            yield Found(
                wiring.source,
                self.message.format(
                    function=wiring.source_text or wiring.function,
                    loss=wiring.text or "binary_cross_entropy",
                ),
                self.remedy.format(fused=_fused(wiring.text)),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "logits",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 1))
            criterion = nn.BCEWithLogitsLoss()
            for x, y in loader:
                loss = criterion(model(x), y)
                loss.backward()
                predicted = torch.sigmoid(model(x)) > 0.5
            """,
        ),
        Example(
            "clamped-before-the-loss",
            """
            import torch
            import torch.nn.functional as F

            def loss_fn(logits, y):
                p = torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6)
                return F.binary_cross_entropy(p, y)
            """,
        ),
        Example(
            "a-mean-of-probabilities",
            """
            import torch
            import torch.nn.functional as F

            def ensemble_loss(first, second, x, y):
                p = (torch.sigmoid(first(x)) + torch.sigmoid(second(x))) / 2
                return F.binary_cross_entropy(p, y)
            """,
        ),
        Example(
            "sigmoid-as-the-target",
            """
            import torch
            import torch.nn.functional as F

            def distil(student, teacher, x):
                soft = torch.sigmoid(teacher(x)).detach()
                return F.binary_cross_entropy_with_logits(student(x), soft)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "at-the-end-of-forward",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 1)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return torch.sigmoid(x)  # <- here

            criterion = nn.BCELoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x), y)
                loss.backward()
            """,
        ),
        Example(
            "in-the-sequential",
            """
            from torch import nn

            discriminator = nn.Sequential(
                nn.Linear(784, 128),
                nn.LeakyReLU(0.2),
                nn.Linear(128, 1),
                nn.Sigmoid(),  # <- here
            )
            adversarial_loss = nn.BCELoss()

            def d_step(real, valid):
                return adversarial_loss(discriminator(real), valid)
            """,
        ),
        Example(
            "functional",
            """
            import torch.nn.functional as F

            def loss_fn(logits, y):
                return F.binary_cross_entropy(logits.sigmoid(), y)  # <- here
            """,
        ),
    )


def _fused(loss: str) -> str:
    """The loss that takes logits, in the form that is used here."""
    if "binary_cross_entropy" in loss:
        return f"{loss}_with_logits"
    return "nn.BCEWithLogitsLoss"
