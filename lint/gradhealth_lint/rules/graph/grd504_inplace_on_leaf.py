"""GRD504 inplace-on-leaf."""

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
    from gradhealth_lint.semantics.training_facts import HandUpdate


class InplaceOnLeaf:
    """A parameter changed in place while autograd watches, or an update that leaves it as it is."""

    code: ClassVar[str] = "GRD504"
    name: ClassVar[str] = "inplace-on-leaf"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{text} is a leaf that asks for a gradient, and autograd watches here: changing it in "
        "place raises RuntimeError"
    )
    others: ClassVar[dict[str, str]] = {
        "rebound": "this gives the name {text} a new tensor and leaves the parameter as it is: "
        "nothing is learned by it",
        "no leaf": "this gives the name {text} a tensor that is no leaf: autograd keeps no "
        "gradient for it, and {text}.grad is None from the next turn on",
        "discarded": "this computes a new value of {text} that nobody keeps: the parameter stays "
        "as it is and nothing is learned by it",
    }
    remedy: ClassVar[str] = "do it under torch.no_grad(), and in place"
    why: ClassVar[str] = (
        "A leaf keeps its gradient as long as it is the tensor that the graph began with, so "
        "PyTorch forbids to change one in place except under torch.no_grad() or through .data. "
        "Written without in-place operations an update raises nothing and does nothing: p = p - "
        "lr * p.grad makes another tensor and binds the loop's variable to it, and p.data.sub(...) "
        "makes one that is thrown away. Silent for what is frozen, and where the new tensor is "
        "made a leaf again."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autograd mechanics: in-place operations with autograd",
        "PyTorch documentation, torch.no_grad",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"parameters|requires_grad|Parameter|weight|bias"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such change, each place once."""
        seen: set[int] = set()
        for one in facts.hand_updates:
            if one.anchor not in seen:
                seen.add(one.anchor)
                message = self.others.get(one.form, self.message)
                yield Found(one.anchor, message.format(text=one.text), self.remedy, _fix(one))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "under-no-grad",
            """
            import torch

            w = torch.zeros(3, 1, requires_grad=True)
            for x, y in batches:
                loss = ((x @ w - y) ** 2).mean()
                loss.backward()
                with torch.no_grad():
                    w -= 0.1 * w.grad
                    w.grad.zero_()
            """,
        ),
        Example(
            "through-data",
            """
            import torch
            from torch import nn

            class Layer(nn.Module):
                def __init__(self, a, b):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(a, b))
                    self.weight.data.uniform_(-0.1, 0.1)

                def forward(self, x):
                    return x @ self.weight
            """,
        ),
        Example(
            "leaf-again",
            """
            import torch

            w = torch.zeros(3, 1, requires_grad=True)
            for x, y in batches:
                loss = ((x @ w - y) ** 2).mean()
                loss.backward()
                w = (w - 0.1 * w.grad).detach().requires_grad_()
            """,
        ),
        Example(
            "in-place-on-data",
            """
            from torch import nn

            model = nn.Linear(3, 1)
            for x, y in batches:
                loss = (model(x) - y).pow(2).mean()
                model.zero_grad()
                loss.backward()
                for p in model.parameters():
                    p.data.sub_(0.1 * p.grad)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "manual-descent",
            """
            import torch

            w = torch.zeros(3, 1, requires_grad=True)
            for x, y in batches:
                loss = ((x @ w - y) ** 2).mean()
                loss.backward()
                w -= 0.1 * w.grad  # <- here
                w.grad.zero_()
            """,
        ),
        Example(
            "new-tensor-under-the-name",
            """
            from torch import nn

            model = nn.Linear(3, 1)
            for x, y in batches:
                loss = (model(x) - y).pow(2).mean()
                model.zero_grad()
                loss.backward()
                for p in model.parameters():
                    p = p - 0.1 * p.grad  # <- here
            """,
        ),
        Example(
            "result-thrown-away",
            """
            import torch

            def step(model, lr):
                for name, param in model.named_parameters():
                    param.data.sub(lr * param.grad)  # <- here
            """,
            """
            import torch

            def step(model, lr):
                for name, param in model.named_parameters():
                    param.data.sub_(lr * param.grad)  # <- here
            """,
        ),
        Example(
            "init-while-watched",
            """
            import torch
            from torch import nn

            class Bias(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    self.bias = nn.Parameter(torch.zeros(n))
                    self.bias.uniform_(-0.1, 0.1)  # <- here

                def forward(self, x):
                    return x + self.bias
            """,
            """
            import torch
            from torch import nn

            class Bias(nn.Module):
                def __init__(self, n):
                    super().__init__()
                    self.bias = nn.Parameter(torch.zeros(n))
                    self.bias.data.uniform_(-0.1, 0.1)  # <- here

                def forward(self, x):
                    return x + self.bias
            """,
        ),
    )


def _fix(one: HandUpdate) -> Plan | None:
    """The same change of its ``.data``; the method that works in place."""
    if one.receiver is None:
        return None
    from gradhealth_lint.edits.plan import Code, Plan, Replace

    receiver = Code(one.receiver, atom=True)
    if one.form == "in place":
        return Plan("unsafe", (Replace(one.receiver, (receiver, ".data")),))
    if one.form != "discarded" or one.given is None:
        return None
    code = (receiver, f".{one.method}_(", Code(one.given), ")")
    return Plan("unsafe", (Replace(one.anchor, code),))
