"""GRD404 log-of-softmax."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import unsquashing
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class LogOfSoftmax:
    """The logarithm of a softmax or sigmoid that has been rounded to zero."""

    code: ClassVar[str] = "GRD404"
    name: ClassVar[str] = "log-of-softmax"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "the logarithm of {function}: a probability below 1e-45 is rounded to 0, its "
        "logarithm is -inf and its gradient nan"
    )
    remedy: ClassVar[str] = "write {fused}, which computes both in one and stays finite"
    why: ClassVar[str] = (
        "In float32 softmax and sigmoid round everything below 1e-45 to 0, in float16 "
        "below 6e-8. log(0) is -inf and the derivative 1 / 0, and one such entry makes "
        "the whole gradient nan. log_softmax and logsigmoid compute the same number "
        "from the logits without the detour. Silent where something is added to the "
        "probability or it is clamped first."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Blanchard, Higham and Higham (2021), Accurately computing the log-sum-exp and "
        "softmax functions, section 2",
        "PyTorch documentation, torch.nn.functional.log_softmax",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:softmax|sigmoid)|expit"),
        re.compile(rb"log"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every logarithm of the result of a softmax or sigmoid."""
        seen: set[int] = set()
        for anchor, kind, function, fix in _logarithms(facts):
            if kind in _FUSED and anchor not in seen:
                seen.add(anchor)
                yield Found(
                    anchor,
                    self.message.format(function=function),
                    self.remedy.format(fused=_FUSED[kind]),
                    fix,
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "fused",
            """
            import torch.nn.functional as F

            def nll(logits, target):
                return -F.log_softmax(logits, dim=-1).gather(-1, target)
            """,
        ),
        Example(
            "guarded",
            """
            import torch

            def entropy(logits):
                p = torch.softmax(logits, dim=-1)
                return -(p * torch.log(p + 1e-8)).sum(-1) - (p * p.clamp(min=1e-8).log()).sum(-1)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "of-softmax",
            """
            import torch
            import torch.nn.functional as F

            def nll(logits, target):
                log_p = torch.log(F.softmax(logits, dim=-1))  # <- here
                return -log_p.gather(-1, target)
            """,
            """
            import torch
            import torch.nn.functional as F

            def nll(logits, target):
                log_p = F.log_softmax(logits, dim=-1)  # <- here
                return -log_p.gather(-1, target)
            """,
        ),
        Example(
            "as-methods",
            """
            import torch

            def entropy(model, x):
                p = model(x).softmax(dim=-1)
                return -(p * p.log()).sum(-1)  # <- here
            """,
        ),
    )


def _logarithms(facts: FileFacts) -> Iterator[tuple[int, str, str, Plan | None]]:
    """The place of each logarithm, what made its operand, the words for it, and the fix.

    What is not known by its last call may be by its numbers: an entry that was picked, log2.
    """
    for wiring in facts.wirings:
        if wiring.kind == "log":
            words = wiring.source_text or wiring.function
            yield wiring.anchor, wiring.function, words, unsquashing.fused(wiring)
    for steep in facts.steep:
        if steep.operation == "log" and not steep.switched:
            yield steep.anchor, steep.kind, f"a {steep.kind}, {steep.operand}", None


#: What to write instead of the logarithm of what.
_FUSED = {
    "softmax": "F.log_softmax(logits, dim=...)",
    "sigmoid": "F.logsigmoid(logits)",
}
