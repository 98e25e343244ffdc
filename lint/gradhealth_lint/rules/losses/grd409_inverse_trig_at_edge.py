"""GRD409 inverse-trig-at-edge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import guarding
from gradhealth_lint.rules.losses.ranges import between
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class InverseTrigAtEdge:
    """acos, asin or atanh of what can be 1 and that a gradient goes back to."""

    code: ClassVar[str] = "GRD409"
    name: ClassVar[str] = "inverse-trig-at-edge"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} in what is back-propagated: {operand} {range}, and at -1 and 1 "
        "the slope of {operation} is infinite; beyond them, where rounding leads, "
        "it is nan{clamp}"
    )
    remedy: ClassVar[str] = (
        "clamp inside the edges, {operation}({operand}.clamp(-1 + 1e-6, 1 - "
        "1e-6)), or use torch.atan2 of the sine and the cosine"
    )
    why: ClassVar[str] = (
        "The derivative of acos(x) is -1 / sqrt(1 - x^2): infinite at -1 and 1, "
        "which is where two vectors are parallel, as they are in the end if "
        "training succeeds. A cosine computed in float32 exceeds 1 by a rounding "
        "error now and then, and acos of that is nan. A clamp to exactly [-1, 1] "
        "removes the nan of the value and leaves the infinite slope, and so does one to "
        "1 - 1e-8, which is 1 in float32. Silent where "
        "the clamp stops short of the edge, where the operand is not known, and "
        "for what no gradient goes back to."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch issue 8069, the gradient of acos at 1",
        "PyTorch documentation, torch.acos",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"a(rc)?(cos|sin|tanh)"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every inverse function of what reaches its edge."""
        for steep in facts.steep:
            if steep.operation in {"acos", "asin", "atanh"} and not steep.switched:
                clamp = (
                    "; a clamp to exactly [-1, 1] keeps the slope" if steep.kind == "clamp" else ""
                )
                yield Found(
                    steep.anchor,
                    self.message.format(
                        text=steep.text,
                        operand=steep.operand,
                        range=between(steep),
                        operation=steep.operation,
                        clamp=clamp,
                    ),
                    self.remedy.format(operation=f"torch.{steep.operation}", operand=steep.operand),
                    guarding.clamped(steep, "clamp", "-1 + 1e-7, 1 - 1e-7", "unsafe"),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "clamped-inside-the-edge",
            """
            import torch
            import torch.nn.functional as F

            def angular_loss(a, b):
                cosine = F.cosine_similarity(a, b, dim=-1)
                return torch.acos(cosine.clamp(-1 + 1e-6, 1 - 1e-6)).mean()
            """,
        ),
        Example(
            "clamped-by-an-eps",
            """
            import torch

            def geodesic_loss(pred, target, eps=1e-7):
                m = torch.bmm(pred, target.transpose(1, 2))
                cosine = (m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2] - 1) / 2
                return torch.acos(torch.clamp(cosine, -1 + eps, 1 - eps)).mean()
            """,
        ),
        Example(
            "a-metric",
            """
            import torch
            import torch.nn.functional as F

            @torch.no_grad()
            def angular_error(model, x, y):
                return torch.acos(F.cosine_similarity(model(x), y, dim=-1)).mean()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "cosine",
            """
            import torch
            import torch.nn.functional as F

            def angular_loss(a, b):
                cosine = F.cosine_similarity(a, b)
                return torch.acos(cosine).mean()  # <- here
            """,
            """
            import torch
            import torch.nn.functional as F

            def angular_loss(a, b):
                cosine = F.cosine_similarity(a, b)
                return torch.acos(cosine.clamp(-1 + 1e-7, 1 - 1e-7)).mean()  # <- here
            """,
        ),
        Example(
            "clamped-to-the-edge",
            """
            import torch
            from torch import nn
            import torch.nn.functional as F

            class ArcMargin(nn.Module):
                def __init__(self, features, classes):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(classes, features))
                    nn.init.xavier_uniform_(self.weight)

                def forward(self, x):
                    cosine = F.linear(F.normalize(x), F.normalize(self.weight))
                    theta = torch.acos(cosine.clamp(-1, 1))  # <- here
                    return torch.cos(theta + 0.5)
            """,
            """
            import torch
            from torch import nn
            import torch.nn.functional as F

            class ArcMargin(nn.Module):
                def __init__(self, features, classes):
                    super().__init__()
                    self.weight = nn.Parameter(torch.empty(classes, features))
                    nn.init.xavier_uniform_(self.weight)

                def forward(self, x):
                    cosine = F.linear(F.normalize(x), F.normalize(self.weight))
                    theta = torch.acos(cosine.clamp(-1, 1).clamp(-1 + 1e-7, 1 - 1e-7))  # <- here
                    return torch.cos(theta + 0.5)
            """,
        ),
        Example(
            "rotation-angle",
            """
            import torch

            def geodesic_loss(pred, target):
                m = torch.bmm(pred, target.transpose(1, 2))
                cosine = (m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2] - 1) / 2
                return torch.acos(cosine).mean()  # <- here
            """,
            """
            import torch

            def geodesic_loss(pred, target):
                m = torch.bmm(pred, target.transpose(1, 2))
                cosine = (m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2] - 1) / 2
                return torch.acos(cosine.clamp(-1 + 1e-7, 1 - 1e-7)).mean()  # <- here
            """,
        ),
    )
