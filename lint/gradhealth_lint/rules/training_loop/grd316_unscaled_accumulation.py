"""GRD316 unscaled-accumulation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.training_facts import Accumulation


class UnscaledAccumulation:
    """Gradients of several batches that are summed where their mean is meant."""

    code: ClassVar[str] = "GRD316"
    name: ClassVar[str] = "unscaled-accumulation"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{optimizer}.step() waits for {every} batches and {name} is not divided by that: the "
        "gradient is their sum, {every} times as large as that of one batch"
    )
    remedy: ClassVar[str] = "divide before backward(): {name} = {name} / {every}"
    why: ClassVar[str] = (
        "A loss that is a mean over its batch has a gradient of the same size whatever the batch. "
        "backward() adds up, so n accumulated batches have n times the gradient of the one large "
        "batch they stand for: with SGD the learning rate is n times what it says, clipping cuts "
        "n times as much, and L2 regularisation weighs an nth. (Adam's step itself does not "
        "depend on the scale, its clipping does.) Silent where the loss is a sum over samples, "
        "where anything in the file is divided by the number of batches, where gradients are "
        "changed by hand, and for frameworks that divide by themselves."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Automatic Mixed Precision examples: gradient accumulation",
        "Goyal et al. (2017), Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"step"),
        re.compile(rb"zero_grad"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every backward pass of a loss that should be a part of a mean."""
        for one in facts.accumulations:
            names = {"name": one.name, "every": one.every, "optimizer": one.optimizer}
            message, remedy = self.message.format(**names), self.remedy.format(**names)
            yield Found(one.anchor, message, remedy, _fix(one))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "divided",
            """
            import torch
            from torch import nn

            accumulation = 4
            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                loss = nn.functional.mse_loss(model(x), y) / accumulation
                loss.backward()
                if (i + 1) % accumulation == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "every-batch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                if i % 100 == 0:
                    print(loss.item())
            """,
        ),
        Example(
            "learning-rate-divided",
            """
            import torch
            from torch import nn

            steps = 4
            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1 / steps)
            for i, (x, y) in enumerate(loader):
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                if (i + 1) % steps == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "not-divided",
            """
            import torch
            from torch import nn

            accumulation = 4
            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()  # <- here
                if (i + 1) % accumulation == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
            """
            import torch
            from torch import nn

            accumulation = 4
            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                loss = nn.functional.mse_loss(model(x), y)
                (loss / accumulation).backward()  # <- here
                if (i + 1) % accumulation == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "number-in-place",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for i, (x, y) in enumerate(loader):
                nn.functional.mse_loss(model(x), y).backward()  # <- here
                if i % 8 == 7:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "counter",
            """
            import torch
            from torch import nn

            def train(model, loader, criterion, optimizer, accumulate):
                waiting = 0
                for x, y in loader:
                    loss = criterion(model(x), y)
                    loss.backward()  # <- here
                    waiting += 1
                    if waiting == accumulate:
                        optimizer.step()
                        optimizer.zero_grad()
                        waiting = 0
            """,
            """
            import torch
            from torch import nn

            def train(model, loader, criterion, optimizer, accumulate):
                waiting = 0
                for x, y in loader:
                    loss = criterion(model(x), y)
                    (loss / accumulate).backward()  # <- here
                    waiting += 1
                    if waiting == accumulate:
                        optimizer.step()
                        optimizer.zero_grad()
                        waiting = 0
            """,
        ),
    )


#: A number or a variable, which binds closer than a division.
_ATOM = re.compile(r"[\w.]+")


def _fix(one: Accumulation) -> Plan | None:
    """The loss divided where the backward pass starts: what is logged of it stays as it is."""
    from gradhealth_lint.edits.plan import Code, Plan, Replace

    if one.loss is None or not _ATOM.fullmatch(one.every):
        return None
    return Plan("unsafe", (Replace(one.loss, (Code(one.loss), f" / {one.every}")),))
