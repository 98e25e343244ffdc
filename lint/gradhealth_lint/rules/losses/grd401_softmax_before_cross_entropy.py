"""GRD401 softmax-before-cross-entropy."""

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


class SoftmaxBeforeCrossEntropy:
    """A softmax or sigmoid whose result goes into a cross-entropy that applies a softmax itself."""

    code: ClassVar[str] = "GRD401"
    name: ClassVar[str] = "softmax-before-cross-entropy"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{function} makes probabilities of what {loss} takes as logits: it applies "
        "log_softmax itself, so the loss cannot fall below log(1 + (C - 1) / e) for C "
        "classes, 1.46 for 10, and the gradient of a confident mistake is nearly zero"
    )
    remedy: ClassVar[str] = (
        "give {loss} the logits; where probabilities are needed, at prediction, apply softmax there"
    )
    message_sigmoid: ClassVar[str] = (
        "{function} squeezes what {loss} takes as logits into 0 to 1: it applies "
        "log_softmax to them, so the loss cannot fall below log(1 + (C - 1) / e) for C "
        "classes, 1.46 for 10, and the gradient of a confident mistake is nearly zero"
    )
    remedy_sigmoid: ClassVar[str] = (
        "give {loss} the logits, without the sigmoid; if a sample can be of several classes "
        "at once, use nn.BCEWithLogitsLoss on the logits"
    )
    why: ClassVar[str] = (
        "nn.CrossEntropyLoss is log_softmax and nll_loss in one. Probabilities between "
        "0 and 1 taken as logits differ by at most 1, so the best answer it can express"
        " is e / (e + C - 1), and the gradient passes through two softmaxes: where the "
        "first is sure of a wrong class, its slope p (1 - p) lets nothing through. "
        "Training runs and learns slowly, which is why it is found late. A sigmoid before "
        "it does the same, class by class. Models are "
        "followed to their last operation. Silent where that is not known, where it "
        "depends on self.training, and for log_softmax, which changes nothing."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.CrossEntropyLoss",
        "Goodfellow, Bengio and Courville (2016), Deep Learning, section 6.2.2.3",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:softmax|sigmoid)|expit"),
        re.compile(rb"(?i:cross_?entropy)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every cross-entropy on the result of a softmax or sigmoid."""
        texts = {
            "softmax": (self.message, self.remedy),
            "sigmoid": (self.message_sigmoid, self.remedy_sigmoid),
        }
        seen: set[int] = set()
        for wiring in facts.wirings:
            if (
                wiring.kind != "cross_entropy"
                or wiring.function not in texts
                or wiring.source in seen
            ):
                continue
            seen.add(wiring.source)
            message, remedy = texts[wiring.function]
            yield Found(
                wiring.source,
                message.format(
                    function=wiring.source_text or wiring.function,
                    loss=wiring.text or "cross_entropy",
                ),
                remedy.format(loss=wiring.text or "it"),
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
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return x

            criterion = nn.CrossEntropyLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x), y)
            """,
        ),
        Example(
            "softmax-for-the-prediction",
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
                logits = model(x)
                loss = F.cross_entropy(logits, y)
                accuracy = (F.softmax(logits, dim=1).argmax(1) == y).float().mean()
            """,
        ),
        Example(
            "only-when-not-training",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(x)
                    return x if self.training else F.softmax(x, dim=1)

            model = Net()
            loss = F.cross_entropy(model(inputs), targets)
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
                    self.head = nn.Linear(64, 10)

                def forward(self, x):
                    x = self.head(torch.relu(self.hidden(x)))
                    return F.softmax(x, dim=1)  # <- here

            criterion = nn.CrossEntropyLoss()
            model = Net()
            for x, y in loader:
                loss = criterion(model(x), y)
                loss.backward()
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
                    return x  # <- here

            criterion = nn.CrossEntropyLoss()
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

            model = nn.Sequential(
                nn.Linear(784, 128),
                nn.ReLU(),
                nn.Linear(128, 10),
                nn.Softmax(dim=1),  # <- here
            )
            criterion = nn.CrossEntropyLoss()

            def train_step(x, y):
                return criterion(model(x), y)
            """,
            """
            from torch import nn

            model = nn.Sequential(
                nn.Linear(784, 128),
                nn.ReLU(),
                nn.Linear(128, 10),
                nn.Identity(),  # <- here
            )
            criterion = nn.CrossEntropyLoss()

            def train_step(x, y):
                return criterion(model(x), y)
            """,
        ),
        Example(
            "sigmoid",
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 128)
                    self.fc2 = nn.Linear(128, 10)
                    self.sigmoid = nn.Sigmoid()

                def forward(self, x):
                    x = F.relu(self.fc1(x))
                    x = self.sigmoid(self.fc2(x))  # <- here
                    return x

            net = Net()
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                loss = criterion(net(x), y)
                loss.backward()
            """,
            """
            import torch.nn as nn
            import torch.nn.functional as F

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(784, 128)
                    self.fc2 = nn.Linear(128, 10)
                    self.sigmoid = nn.Sigmoid()

                def forward(self, x):
                    x = F.relu(self.fc1(x))
                    x = self.fc2(x)  # <- here
                    return x

            net = Net()
            criterion = nn.CrossEntropyLoss()
            for x, y in loader:
                loss = criterion(net(x), y)
                loss.backward()
            """,
        ),
    )
