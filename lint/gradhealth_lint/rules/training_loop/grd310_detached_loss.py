"""GRD310 detached-loss."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class DetachedLoss:
    """A loss cut off from the model, so that its backward pass reaches nothing."""

    code: ClassVar[str] = "GRD310"
    name: ClassVar[str] = "detached-loss"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{how}, and backward() starts from what is left: the graph that led to the values "
        "is lost, and no parameter gets a gradient"
    )
    message_term: ClassVar[str] = (
        "{how}, and the loss that it is added to goes backward without it: the term changes the "
        "number that is shown and no gradient"
    )
    remedy: ClassVar[str] = "{what}"
    why: ClassVar[str] = (
        "torch.tensor(value) and Variable(value) copy numbers and begin a new graph; "
        "detach(), .data, .item() and numpy() give values without one, and under no_grad "
        "none is recorded. Backward then stops with an error, or, where somebody set "
        "requires_grad=True, it runs without an error and fills the .grad "
        "of the new tensor alone; the optimizer sees None everywhere, steps over it, "
        "and the model never changes. Where several losses are collected, torch.stack "
        "keeps their graphs. A single term of a sum may be cut as well: the rest is trained and "
        "the term is only shown. Silent for tensors of plain numbers, and for inputs whose "
        "own gradient is wanted."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autograd mechanics: setting requires_grad",
        "PyTorch documentation, torch.tensor",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward|training_step"),
        re.compile(
            rb"requires_grad|detach|\.data\b|item|numpy|tolist|no_grad|inference_mode|float"
        ),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every backward pass that starts at such a tensor."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            if wiring.kind != "backward" or wiring.function not in _HOW or wiring.source in seen:
                continue
            seen.add(wiring.source)
            how, what = _HOW[wiring.function]
            message = self.message_term if wiring.function == "term" else self.message
            yield Found(wiring.source, message.format(how=how), self.remedy.format(what=what))

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
        Example(
            "logging",
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
                shown = torch.tensor(loss.item())
                history.append(shown)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "tensor-of-the-loss",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            criterion = nn.MSELoss()

            for x, y in loader:
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss = torch.tensor(loss.item(), requires_grad=True)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "variable",
            """
            import torch
            from torch.autograd import Variable

            def train_step(model, optimizer, criterion, x, y):
                optimizer.zero_grad()
                out = model(x)
                loss = Variable(criterion(out, y).data, requires_grad=True)  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "detached-output",
            """
            import torch
            import torch.nn.functional as F

            def fit(model, loader, optimizer):
                for images, labels in loader:
                    optimizer.zero_grad()
                    logits = model(images).detach()  # <- here
                    loss = F.cross_entropy(logits, labels)
                    loss.backward()
                    optimizer.step()
            """,
        ),
        Example(
            "list-of-losses",
            """
            import torch

            def update(agent, optimizer, rewards, log_probs):
                losses = []
                for r, lp in zip(rewards, log_probs):
                    losses.append(-r * lp)
                loss = torch.tensor(losses, requires_grad=True).sum()
                total = torch.tensor(losses, requires_grad=True)  # <- here
                optimizer.zero_grad()
                total.backward(torch.ones(len(losses)))
                optimizer.step()
            """,
        ),
    )


#: What was done, and what to do instead.
_HOW = {
    "rewrapped": (
        "this makes a new tensor of computed values",
        "call backward() on the loss itself, without making a new tensor of it",
    ),
    "wrapped": (
        "this makes a new tensor of other values",
        "call backward() on the loss itself, without making a new tensor of it",
    ),
    "cut": (
        "this takes values out of their graph",
        "keep the graph up to the loss; take numbers for logging from a copy, after backward()",
    ),
    "term": (
        "this takes one term of the loss out of its graph",
        "leave it out where the term is there to be trained on",
    ),
    "untracked": (
        "the model runs under torch.no_grad() here, which records no graph",
        "call the model outside of torch.no_grad() where it is trained",
    ),
}
