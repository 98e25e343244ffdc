"""GRD402 sigmoid-before-bce-with-logits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import unsquashing
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class SigmoidBeforeBceWithLogits:
    """A sigmoid whose result goes into a loss that applies one itself."""

    code: ClassVar[str] = "GRD402"
    name: ClassVar[str] = "sigmoid-before-bce-with-logits"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{function} makes probabilities of what {loss} takes as logits: it applies "
        "sigmoid itself, so predictions lie between 0.5 and 0.731 and the loss of a "
        "negative cannot fall below 0.693"
    )
    remedy: ClassVar[str] = (
        "give {loss} the logits, without the sigmoid; apply it where probabilities are "
        "needed, at prediction"
    )
    why: ClassVar[str] = (
        "binary_cross_entropy_with_logits is sigmoid and binary_cross_entropy in one. A"
        " probability between 0 and 1 taken as a logit becomes one between 0.5 and "
        "0.731: no answer can be below one half, and the gradient is multiplied by a "
        "second slope of at most 1/4. Models are followed to their last operation. "
        "Silent where that is not known."
    )
    references: ClassVar[tuple[str, ...]] = ("PyTorch documentation, torch.nn.BCEWithLogitsLoss",)
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:sigmoid)|expit"),
        re.compile(rb"(?i:with_?logits)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every BCE with logits on the result of a sigmoid."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if (
                wiring.kind != "bce_with_logits"
                or wiring.function != "sigmoid"
                or wiring.source in seen
            ):
                continue
            seen.add(wiring.source)
            yield Found(
                wiring.source,
                self.message.format(
                    function=wiring.source_text or wiring.function,
                    loss=wiring.text or "binary_cross_entropy_with_logits",
                ),
                self.remedy.format(loss=wiring.text or "it"),
                unsquashing.dropped(wiring),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "logits",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 1)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return x

            criterion = nn.BCEWithLogitsLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x).squeeze(1), y)
            """,
        ),
        Example(
            "sigmoid-and-clamped-bce",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 1)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return torch.sigmoid(x)

            criterion = nn.BCELoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x).squeeze(1).clamp(1e-6, 1 - 1e-6), y)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "at-the-end-of-forward",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 1)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return torch.sigmoid(x)  # <- here

            criterion = nn.BCEWithLogitsLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x).squeeze(1), y)
            """,
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 1)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return x  # <- here

            criterion = nn.BCEWithLogitsLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x).squeeze(1), y)
            """,
        ),
    )
