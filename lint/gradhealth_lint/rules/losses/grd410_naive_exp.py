"""GRD410 naive-exp."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class NaiveExp:
    """A softmax, sigmoid, tanh, softplus or logsumexp by hand, whose exponential overflows."""

    code: ClassVar[str] = "GRD410"
    name: ClassVar[str] = "naive-exp"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} is {what} by hand: exp is inf in float32 from 89 on and in float16 from 12 on, "
        "{then}"
    )
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "The result of a softmax, sigmoid, softplus or logsumexp is moderate where its "
        "exponentials are not: exp(89) is inf in float32. inf / inf is nan; where the "
        "value comes out right, as in 1 / (1 + inf), the gradient is still 0 times inf. "
        "A logarithm of a sum that is rounded to 0 is -inf. torch's own functions take "
        "the largest argument off first, compute the same number and stay finite. "
        "Silent where something is taken off before the exp of a softmax or logsumexp, "
        "where the argument is bounded, as a cosine similarity or a clamp is, or said to "
        "be by its name or a temperature, and where no gradient is wanted."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and "
        "softmax functions, section 2",
        "PyTorch documentation, torch.logsumexp",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"\bexp"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every such function written out."""
        for steep in facts.steep:
            form = _FORMS.get(steep.operation)
            if form is None:
                continue
            what, then, remedy = form
            yield Found(
                steep.anchor,
                self.message.format(text=steep.text, what=what, then=then),
                self.remedy.format(remedy=remedy),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "largest-taken-off",
            """
            import torch

            def softmax(x):
                e = torch.exp(x - x.max(dim=-1, keepdim=True).values)
                return e / e.sum(dim=-1, keepdim=True)

            def train(model, x, y):
                loss = -softmax(model(x))[y].mean()
                loss.backward()
            """,
        ),
        Example(
            "cosine-similarities",
            """
            import torch
            import torch.nn.functional as F

            def contrastive_loss(a, b, positive):
                similarities = F.normalize(a, dim=1) @ F.normalize(b, dim=1).t() / 0.1
                e = torch.exp(similarities)
                return -((e * positive).sum(1) / e.sum(1)).mean()
            """,
        ),
        Example(
            "normal-likelihood",
            """
            import torch

            def gaussian_loss(mean, log_variance, target):
                return (log_variance + (target - mean) ** 2 / torch.exp(log_variance)).mean()
            """,
        ),
        Example(
            "torch-functions",
            """
            import torch
            import torch.nn.functional as F

            def ranking_loss(pos, neg):
                return F.softplus(neg - pos).mean() + torch.logsumexp(neg, dim=0)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "softmax",
            """
            import torch

            def softmax(X):
                X_exp = torch.exp(X)
                partition = X_exp.sum(1, keepdim=True)
                return X_exp / partition  # <- here

            def train(model, x, y):
                loss = -softmax(model(x))[y].mean()
                loss.backward()
            """,
        ),
        Example(
            "logsumexp",
            """
            import torch

            def nll_loss(logits, target):
                picked = logits.gather(1, target[:, None]).squeeze(1)
                return (torch.log(torch.sum(torch.exp(logits), dim=1)) - picked).mean()  # <- here
            """,
        ),
        Example(
            "softplus",
            """
            import torch

            def logistic_loss(output, y):
                return torch.log(1 + torch.exp(-y * output)).mean()  # <- here
            """,
        ),
        Example(
            "sigmoid",
            """
            import torch
            from torch import nn

            class Gate(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(8, 8)

                def forward(self, x):
                    return x * (1 / (1 + torch.exp(-self.layer(x))))  # <- here
            """,
        ),
    )


#: What is written out, what becomes of it, and what to write.
_FORMS = {
    "naive softmax": (
        "a softmax",
        "and inf / inf is nan, value and gradient",
        "write torch.softmax(..., dim=...), or take the largest off before the exp",
    ),
    "naive sigmoid": (
        "a sigmoid",
        "where its gradient is 0 times inf: nan",
        "write torch.sigmoid(...)",
    ),
    "naive tanh": ("a tanh", "and inf / inf is nan, value and gradient", "write torch.tanh(...)"),
    "naive logsumexp": (
        "a logsumexp",
        "and if all exponentials are rounded to 0 its value is -inf: nan gradients both ways",
        "write torch.logsumexp(..., dim=...)",
    ),
    "naive softplus": (
        "a softplus",
        "where its gradient is inf / inf: nan",
        "write F.softplus(...), or -F.logsigmoid(-...)",
    ),
}
