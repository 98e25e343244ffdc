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
            "weights-by-hand",
            """
            import torch

            w = torch.randn(8, 1)
            w.requires_grad = True
            for x, y in loader:
                loss = ((x @ w - y) ** 2).mean()
                loss.backward()
                w.data -= 0.1 * w.grad
                w.grad = None
            """,
        ),
        Example(
            "frozen",
            """
            import torch

            def freeze(model, loss):
                for p in model.parameters():
                    p.requires_grad = True
                loss.backward()
            """,
        ),
        Example(
            "latent",
            """
            import torch

            def invert(generator, image):
                z = torch.randn(1, 64)
                z.requires_grad_()
                optimizer = torch.optim.Adam([z])
                for _ in range(100):
                    optimizer.zero_grad()
                    loss = (generator(z) - image).pow(2).mean()
                    loss.backward()
                    optimizer.step()
                return z
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
