"""GRD407 where-nan-trap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class WhereNanTrap:
    """A torch.where that guards the value of a branch, and not its gradient."""

    code: ClassVar[str] = "GRD407"
    name: ClassVar[str] = "where-nan-trap"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "torch.where guards the value of {operation} {operand}, and not its "
        "gradient: both branches are computed, and where this one is not taken "
        "its slope is infinite, times 0 is nan"
    )
    remedy: ClassVar[str] = (
        "make the operand safe before the operation as well: safe = "
        "torch.where(condition, {operand}, torch.ones_like({operand})), and use "
        "safe in the branch"
    )
    why: ClassVar[str] = (
        "Backward, torch.where sends a gradient of 0 to the branch that it did "
        "not take; that is multiplied by the slope of the branch there, and 0 "
        "times infinity is nan. So torch.where(x > 0, torch.log(x), 0) has the "
        "right value everywhere and a gradient of nan at 0. Only an operand that "
        "is safe itself helps: an inner where, a clamp, or picking the entries "
        "with a mask first. Silent where the operand is something else than what "
        "the condition compares, where it is kept away from the edge, and where "
        "no gradient is wanted."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch issue 68425, the gradient of torch.where with nan in the other branch",
        "JAX documentation, Frequently asked questions: Gradients contain NaN where using where",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"where"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every where whose condition guards what is steep in a branch."""
        for steep in facts.steep:
            if steep.switched:
                yield Found(
                    steep.anchor,
                    self.message.format(
                        operation=_WORDS.get(steep.operation, f"{steep.operation} of"),
                        operand=steep.operand,
                    ),
                    self.remedy.format(operand=steep.operand),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "safe-inside",
            """
            import torch

            def log_loss(x):
                safe = torch.where(x > 0, x, torch.ones_like(x))
                return torch.where(x > 0, torch.log(safe), torch.zeros_like(x)).mean()
            """,
        ),
        Example(
            "clamped-inside",
            """
            import torch

            def sqrt_loss(x):
                return torch.where(x > 0, torch.sqrt(x.clamp(min=1e-8)), torch.zeros_like(x)).mean()
            """,
        ),
        Example(
            "smooth-branches",
            """
            import torch

            def huber_loss(pred, target):
                error = (pred - target).abs()
                return torch.where(error < 1.0, 0.5 * error**2, error - 0.5).mean()
            """,
        ),
        Example(
            "of-the-targets",
            """
            import torch

            def entropy_loss(log_q, target):
                log_p = torch.where(target > 0, torch.log(target), torch.zeros_like(target))
                return (target * (log_p - log_q)).sum(-1).mean()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "log",
            """
            import torch

            def log_loss(x):
                return torch.where(x > 0, torch.log(x), torch.zeros_like(x)).mean()  # <- here
            """,
        ),
        Example(
            "root-under-a-mask",
            """
            import torch
            from torch import nn

            class Distances(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.embed = nn.Linear(16, 8)

                def forward(self, x):
                    e = self.embed(x)
                    squared = ((e[:, None] - e[None]) ** 2).sum(-1)
                    mask = squared == 0
                    return torch.where(mask, torch.zeros_like(squared), squared.sqrt())  # <- here
            """,
        ),
        Example(
            "division",
            """
            import torch
            import torch.nn.functional as F

            def sinc_loss(pred, target):
                r = (pred - target).sum(-1)
                value = torch.where(r.abs() < 1e-6, torch.ones_like(r), torch.sin(r) / r)  # <- here
                return value.mean()
            """,
        ),
    )


_WORDS = {"division": "a division by", "sqrt": "a root of"}
