"""GRD414 kl-div-input-not-log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.losses import unsquashing
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class KlDivInputNotLog:
    """A KL divergence whose first argument is no logarithm."""

    code: ClassVar[str] = "GRD414"
    name: ClassVar[str] = "kl-div-input-not-log"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{loss} takes log-probabilities as its first argument and is given {what}: what"
        " it computes is no divergence"
    )
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "kl_div(input, target) is the sum of target * (log(target) - input): its first "
        "argument has to be logarithms already, so that log_softmax can be used, while "
        "its second is plain probabilities unless log_target=True. With probabilities "
        "in both places the value can be negative, and its minimum is not where the two"
        " agree: a student trained on it learns to be sure, not to agree. Silent where "
        "the first argument's last operation is not known."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.KLDivLoss",
        "Hinton, Vinyals and Dean (2015), Distilling the knowledge in a neural network,"
        " arXiv 1503.02531",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:kl_?div)"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every KL divergence of the result of a softmax, a sigmoid or plain weights."""
        seen: set[int] = set()
        for wiring in facts.wirings:
            given = _GIVEN.get(wiring.function)
            if wiring.kind != "kl_div" or given is None or wiring.anchor in seen:
                continue
            seen.add(wiring.anchor)
            what, remedy = given
            yield Found(
                wiring.anchor,
                self.message.format(loss=wiring.text or "kl_div", what=what),
                self.remedy.format(remedy=remedy),
                unsquashing.with_logarithm(wiring),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "distillation",
            """
            import torch.nn.functional as F

            def distil(student_logits, teacher_logits, T=4.0):
                return F.kl_div(
                    F.log_softmax(student_logits / T, dim=1),
                    F.softmax(teacher_logits / T, dim=1),
                    reduction="batchmean",
                ) * T * T
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "two-softmaxes",
            """
            import torch.nn.functional as F

            def distil(student_logits, teacher_logits, T=4.0):
                p = F.softmax(student_logits / T, dim=1)
                q = F.softmax(teacher_logits / T, dim=1)
                return F.kl_div(p, q, reduction="batchmean") * T * T  # <- here
            """,
            """
            import torch.nn.functional as F

            def distil(student_logits, teacher_logits, T=4.0):
                p = F.log_softmax(student_logits / T, dim=1)
                q = F.softmax(teacher_logits / T, dim=1)
                return F.kl_div(p, q, reduction="batchmean") * T * T  # <- here
            """,
        ),
    )


#: By what the loss is given: in words, and what to write.
_GIVEN = {
    "softmax": ("the probabilities of a softmax", "replace softmax by log_softmax there"),
    "sigmoid": ("the result of a sigmoid", "give it log-probabilities: F.logsigmoid"),
    "affine": ("plain logits", "apply F.log_softmax to the logits first"),
}
