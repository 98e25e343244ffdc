"""GRD305 ineffective-clip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class IneffectiveClip:
    """A clip whose limit takes the whole gradient, or turns it around."""

    code: ClassVar[str] = "GRD305"
    name: ClassVar[str] = "ineffective-clip"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "a limit of {limit} {effect}"
    remedy: ClassVar[str] = (
        "give it a positive limit, such as max_norm=1.0, or leave the call out to train"
        " without clipping"
    )
    why: ClassVar[str] = (
        "clip_grad_norm_ multiplies the gradient by max_norm / norm wherever the norm "
        "is larger, so 0 makes every gradient zero and a negative limit turns it "
        "around: the loss is climbed. clip_grad_value_ with 0 does the same to every "
        "entry. Frameworks read 0 as no clipping, these functions do not. Silent for "
        "limits that the source does not tell, and for an infinite one, which is how "
        "people measure a norm."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.nn.utils.clip_grad_norm_",
        "Pascanu et al. (2013), On the difficulty of training recurrent neural "
        "networks, arXiv 1211.5063, section 3.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"clip_grad"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A clip by torch's functions to nothing, or to less than that."""
        seen: set[int] = set()
        for event in (event for loop in facts.loops for event in loop.events):
            if event.kind != "clip" or event.framework or event.how not in {"norm", "value"}:
                continue
            if event.limit is None or event.limit > 0 or event.anchor in seen:
                continue
            seen.add(event.anchor)
            effect = (
                "makes every gradient zero" if event.limit == 0 else "turns every gradient around"
            )
            yield Found(
                event.anchor,
                self.message.format(limit=f"{event.limit:g}", effect=effect),
                self.remedy,
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "infinite-to-measure",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                norm = nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
                optimizer.step()
            """,
        ),
        Example(
            "not-told",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            def train(max_norm):
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "zero",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 0.0)  # <- here
                optimizer.step()
            """,
        ),
    )
