"""GRD413 mismatched-loss-shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class MismatchedLossShape:
    """A loss whose prediction has a shape that makes its gradient zero, or that of another loss."""

    code: ClassVar[str] = "GRD413"
    name: ClassVar[str] = "mismatched-loss-shape"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{loss} {what}"
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "cross_entropy puts a softmax over dimension 1. With a single class there its result is 1 "
        "whatever the logit, the loss is 0 and its gradient exactly zero: nothing is ever learned. "
        "A loss that subtracts broadcasts (N, 1) against (N,) to (N, N): each prediction is "
        "compared with the targets of all samples, and the gradient pulls every one of them "
        "towards the mean of the batch. PyTorch only warns. Shapes are told by the last layer of a "
        "model that can be followed, and by squeeze, unsqueeze, view and the like; silent where "
        "one of the two is not known."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.CrossEntropyLoss: shape",
        "PyTorch documentation, Broadcasting semantics",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"cross_entropy|CrossEntropy|mse_loss|MSELoss|l1_loss|L1Loss|huber_loss|Huber"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every loss with such a prediction."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            form = _FORMS.get((wiring.kind, wiring.function))
            if form is None or wiring.anchor in seen:
                continue
            seen.add(wiring.anchor)
            what, remedy = form
            yield Found(
                wiring.anchor,
                self.message.format(loss=wiring.text or "the loss", what=what),
                self.remedy.format(remedy=remedy),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "binary",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
            criterion = nn.BCEWithLogitsLoss()
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                criterion(model(x), y.unsqueeze(1).float()).backward()
                optimizer.step()
            """,
        ),
        Example(
            "both-columns",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                pred = model(x)
                nn.functional.mse_loss(pred, y.view(-1, 1)).backward()
                optimizer.step()
            """,
        ),
        Example(
            "both-flat",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            y = torch.randn(100)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(100):
                optimizer.zero_grad()
                pred = model(x).squeeze(1)
                nn.functional.mse_loss(pred, y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "one-score-for-each-candidate",
            """
            import torch
            from torch import nn

            scorer = nn.Linear(64, 1)
            optimizer = torch.optim.Adam(scorer.parameters())
            for candidates, best in loader:
                optimizer.zero_grad()
                scores = scorer(candidates).squeeze(-1)
                nn.functional.cross_entropy(scores, best).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "one-class",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
            criterion = nn.CrossEntropyLoss()
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "flat-target",
            """
            import torch
            import torch.nn as nn

            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.fc1 = nn.Linear(8, 32)
                    self.fc2 = nn.Linear(32, 1)

                def forward(self, x):
                    return self.fc2(torch.relu(self.fc1(x)))

            x, y = torch.randn(100, 8), torch.randn(100)
            net = Net()
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for epoch in range(100):
                optimizer.zero_grad()
                loss = nn.MSELoss()(net(x), y)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "squeezed-against-a-column",
            """
            import torch.nn.functional as F

            def train(model, loader, optimizer):
                for x, y in loader:
                    pred = model(x).squeeze()
                    loss = F.mse_loss(pred, y.view(-1, 1))  # <- here
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
    )


_PAIRED = (
    "broadcasts both to (N, N), so each prediction is compared with the target of every "
    "sample, and its gradient pulls it to the mean of the batch"
)
#: What happens, and what to do instead.
_FORMS = {
    ("one_class", "column"): (
        "is given a single logit for each sample: softmax over one class is 1 whatever the "
        "weights, the loss is 0 and so is every gradient",
        "use nn.BCEWithLogitsLoss with float targets of shape (N, 1), or give the last layer "
        "an output for each class",
    ),
    ("one_class", "map"): (
        "is given a single channel: softmax over one class is 1 whatever the weights, the loss "
        "is 0 and so is every gradient",
        "use nn.BCEWithLogitsLoss with float targets of the output's shape, or give the last "
        "layer a channel for each class",
    ),
    ("broadcast", "column"): (
        f"is given a prediction of shape (N, 1) and a target of shape (N,): it {_PAIRED}",
        "give both the same shape: squeeze(1) the prediction, or unsqueeze(1) the target",
    ),
    ("broadcast", "flat"): (
        f"is given a prediction of shape (N,) and a target of shape (N, 1): it {_PAIRED}",
        "give both the same shape: squeeze(1) the target, or leave the prediction as it is",
    ),
}
