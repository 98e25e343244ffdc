"""GRD311 requires-grad-on-loss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class RequiresGradOnLoss:
    """A loss that is told to require a gradient, since it had none to give."""

    code: ClassVar[str] = "GRD311"
    name: ClassVar[str] = "requires-grad-on-loss"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this makes the loss a leaf, to silence the error that it needs no gradient: "
        "backward() then reaches the loss and nothing else, and no parameter is trained"
    )
    remedy: ClassVar[str] = (
        "remove it, and find what cut the graph before: detach(), .data, .item(), "
        "torch.no_grad() or argmax"
    )
    why: ClassVar[str] = (
        "A loss computed from parameters requires a gradient by itself, and setting it "
        "again changes nothing. One that does not was cut from them; requires_grad = "
        "True turns it into a leaf, so that backward() runs without an error and fills "
        "loss.grad with 1. The optimizer's parameters keep no gradient and never move. "
        "Silent for inputs and weights, whose own gradient is wanted."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autograd mechanics: setting requires_grad",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"requires_grad"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every backward pass that starts at such a tensor."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if wiring.kind != "backward" or wiring.function != "required" or wiring.source in seen:
                continue
            seen.add(wiring.source)
            yield Found(wiring.source, self.message, self.remedy)

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "ordinary",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            criterion = nn.MSELoss()

            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "starts-at-zero",
            """
            import torch

            def total(model, losses):
                loss = torch.tensor(0.0, requires_grad=True)
                for part in losses:
                    loss = loss + part(model)
                loss.backward()
            """,
        ),
        Example(
            "gradient-of-the-input",
            """
            import torch

            def saliency(model, x):
                x = x.clone().detach()
                x.requires_grad_(True)
                score = model(x).max()
                score.backward()
                return x.grad
            """,
        ),
        Example(
            "adversarial",
            """
            import torch
            import torch.nn.functional as F

            def fgsm(model, x, y, eps):
                x = torch.tensor(x, requires_grad=True)
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                return x + eps * x.grad.sign()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "method",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            criterion = nn.MSELoss()

            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x).argmax(1).float(), y)
                loss.requires_grad_(True)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "attribute",
            """
            import torch

            def train(model, loader, optimizer, loss_fn):
                for x, y in loader:
                    out = model(x).detach()
                    loss = loss_fn(out, y)
                    loss.requires_grad = True  # <- here
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "assigned-again",
            """
            import torch
            import torch.nn.functional as F

            def step(model, optimizer, x, y):
                loss = F.mse_loss(model(x).data, y)
                loss = loss.requires_grad_()  # <- here
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
            """,
        ),
    )
