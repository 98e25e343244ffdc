"""GRD412 nll-without-log-softmax."""

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


class NllWithoutLogSoftmax:
    """A negative log-likelihood loss on what is no log-probability."""

    code: ClassVar[str] = "GRD412"
    name: ClassVar[str] = "nll-without-log-softmax"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{loss} takes log-probabilities and is given {what}: it only picks entries and "
        "changes their sign, so the loss is {effect}"
    )
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "nll_loss returns minus the entry of the target class. With logits that can be "
        "made as negative as one likes by making weights larger, and nothing pushes the"
        " other classes down: training diverges. With probabilities it is minus the "
        "probability, whose gradient vanishes exactly where the answer is confidently "
        "wrong. nn.CrossEntropyLoss takes logits and does both steps. Models are "
        "followed to their last operation. Silent where that is not known."
    )
    references: ClassVar[tuple[str, ...]] = ("PyTorch documentation, torch.nn.NLLLoss",)
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:nll)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every NLL loss on the result of a softmax, a sigmoid or a layer of weights."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            given = _GIVEN.get(wiring.function)
            if wiring.kind != "nll" or given is None or wiring.anchor in seen:
                continue
            seen.add(wiring.anchor)
            what, effect, remedy = given
            yield Found(
                wiring.anchor,
                self.message.format(loss=wiring.text or "nll_loss", what=what, effect=effect),
                self.remedy.format(remedy=remedy),
                unsquashing.with_logarithm(wiring),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "log-softmax",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return F.log_softmax(x, dim=1)

            model = Net()
            for x, y in loader:
                F.nll_loss(model(x), y).backward()
            """,
        ),
        Example(
            "not-known",
            """
            import torch.nn.functional as F

            def train(model, loader):
                for x, y in loader:
                    F.nll_loss(model(x), y).backward()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
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
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return x

            model = Net()
            for x, y in loader:
                loss = F.nll_loss(model(x), y)  # <- here
            """,
        ),
        Example(
            "probabilities",
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return F.softmax(x, dim=1)

            criterion = nn.NLLLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x), y)  # <- here
            """,
            """
            import torch
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.hidden = nn.Linear(20, 64)
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return F.log_softmax(x, dim=1)

            criterion = nn.NLLLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x), y)  # <- here
            """,
        ),
    )


#: By what the loss is given: in words, what that makes of the loss, and what to write.
_GIVEN = {
    "affine": (
        "logits",
        "unbounded below",
        "use nn.CrossEntropyLoss, or apply F.log_softmax to the logits first",
    ),
    "softmax": (
        "the probabilities of a softmax",
        "minus a probability, with hardly any gradient where the answer is confidently wrong",
        "replace softmax by log_softmax",
    ),
    "sigmoid": (
        "the result of a sigmoid",
        "minus a number between 0 and 1, and the classes do not compete",
        "replace sigmoid by log_softmax, or use nn.BCEWithLogitsLoss for independent labels",
    ),
}
