"""GRD408 divide-by-norm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import guarding
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.numeric_facts import Steep


class DivideByNorm:
    """A division by a norm or a standard deviation that nothing keeps away from 0."""

    code: ClassVar[str] = "GRD408"
    name: ClassVar[str] = "divide-by-norm"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} in what is back-propagated: the divisor is 0 where {where}, and there the "
        "quotient and its gradient are nan; close to it the gradient grows without limit"
    )
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "A row of zeros has the norm 0: padding, a picture of one colour, features whose "
        "ReLUs are all off. 0 / 0 is nan, and one such row makes the loss and the "
        "gradient of every parameter nan. Rows that are nearly 0 get gradients of the "
        "size of 1 / norm. F.normalize and F.cosine_similarity divide by no less than "
        "their eps. The same holds for a standard deviation, which is 0 where all "
        "entries are equal. Silent for parameters and for what is never 0, such as a "
        "softmax, where something is added to the norm, where it is clamped or tested, "
        "where it is detached, and where the operand is not known. A root of squares "
        "written out is GRD406."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.functional.normalize",
        "PyTorch documentation, torch.nn.functional.cosine_similarity",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"norm|dist|\bstd\b"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every division by a norm that can be 0."""
        for steep in facts.steep:
            if steep.operation != "norm" or steep.switched:
                continue
            yield Found(
                steep.anchor,
                self.message.format(
                    text=steep.text, where=_WHERE.get(steep.kind, "all entries are 0")
                ),
                self.remedy.format(remedy=_remedy(steep)),
                _fix(steep),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "eps-added",
            """
            import torch

            def angle_loss(pred, target):
                unit = pred / (pred.norm(dim=-1, keepdim=True) + 1e-8)
                return 1 - (unit * target).sum(-1).mean()
            """,
        ),
        Example(
            "clamped",
            """
            import torch

            def angle_loss(pred, target, eps=1e-8):
                dot = (pred * target).sum(-1)
                return 1 - (dot / (pred.norm(dim=-1) * target.norm(dim=-1)).clamp(min=eps)).mean()
            """,
        ),
        Example(
            "normalize",
            """
            import torch.nn.functional as F
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(8, 8)

                def forward(self, x):
                    return F.normalize(self.layer(x), dim=-1)
            """,
        ),
        Example(
            "of-a-parameter",
            """
            import torch
            import torch.nn.functional as F
            from torch import nn

            class WeightNormed(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(8, 8))
                    nn.init.xavier_uniform_(self.weight)

                def forward(self, x):
                    return F.linear(x, self.weight / self.weight.norm(dim=1, keepdim=True))
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "embedding",
            """
            import torch.nn.functional as F
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(8, 8)

                def forward(self, x):
                    z = F.relu(self.layer(x))
                    return z / z.norm(dim=-1, keepdim=True)  # <- here
            """,
            """
            import torch.nn.functional as F
            from torch import nn

            class Encoder(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = nn.Linear(8, 8)

                def forward(self, x):
                    z = F.relu(self.layer(x))
                    return F.normalize(z, dim=-1)  # <- here
            """,
        ),
        Example(
            "cosine-by-hand",
            """
            import torch

            def cosine_loss(pred, target):
                dot, n = (pred * target).sum(-1), target.norm(dim=-1)
                return 1 - (dot / (pred.norm(dim=-1) * n)).mean()  # <- here
            """,
            """
            import torch

            def cosine_loss(pred, target):
                dot, n = (pred * target).sum(-1), target.norm(dim=-1)
                return 1 - (dot / (torch.clamp_min(pred.norm(dim=-1) * n, 1e-8))).mean()  # <- here
            """,
        ),
        Example(
            "in-two-steps",
            """
            import torch

            def angle_loss(pred, target):
                length = torch.norm(pred, p=2, dim=1, keepdim=True)
                unit = pred.div(length)  # <- here
                return 1 - (unit * target).sum(-1).mean()
            """,
            """
            import torch

            def angle_loss(pred, target):
                length = torch.norm(pred, p=2, dim=1, keepdim=True)
                unit = pred.div(length.clamp_min(1e-8))  # <- here
                return 1 - (unit * target).sum(-1).mean()
            """,
        ),
    )


#: Where a divisor is 0, by how it was made.
_WHERE = {
    "std": "all entries are the same",
    "cdist": "the two points are the same",
    "dist": "the two tensors are the same",
    "product of norms": "all entries of one of the two are 0",
}


def _remedy(steep: Steep) -> str:
    if steep.unit is not None:
        return f"write F.normalize(..., dim={steep.unit.dim}), which divides by no less than 1e-12"
    if steep.kind == "product of norms":
        return f"write F.cosine_similarity, or clamp the divisor: {steep.operand}.clamp_min(1e-8)"
    return f"keep it away from 0: {steep.operand}.clamp_min(1e-8)"


def _fix(steep: Steep) -> Plan:
    """The same quotient wherever the norm is more than a rounding error."""
    if steep.unit is None:
        return guarding.clamped(steep, "clamp_min", "1e-8", "safe")
    from gradhealth_lint.edits.plan import Code, Name, Plan, Replace

    normalize = Name("torch.nn.functional.normalize")
    code = (normalize, "(", Code(steep.unit.anchor), f", dim={steep.unit.dim})")
    return Plan("safe", (Replace(steep.anchor, code),))
