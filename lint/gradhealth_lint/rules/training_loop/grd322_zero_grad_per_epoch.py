"""GRD322 zero-grad-per-epoch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.turns import counts, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ZeroGradPerEpoch:
    """Gradients cleared once an epoch, though every batch takes a step."""

    code: ClassVar[str] = "GRD322"
    name: ClassVar[str] = "zero-grad-per-epoch"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "the gradient is cleared once per turn of an outer loop, but {optimizer}.step()"
        " runs in the inner one: each step uses the sum of all gradients since"
    )
    remedy: ClassVar[str] = "move {zero}.zero_grad() into the inner loop, before backward()"
    why: ClassVar[str] = (
        "backward() adds to .grad. With one zero_grad() an epoch and a step a batch, "
        "every step but the first repeats the gradients of all batches before it in "
        "that epoch: the effective learning rate grows through the epoch and jumps back"
        " at its start. Silent where anything in the inner loop clears gradients or "
        "might do so."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"grad"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Backward pass and step in an inner loop, every zero_grad outside it."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            inside = (*turn.before, turn.step, *turn.after)
            if since is None or since[0].loops != turn.loops or unread(inside):
                continue
            if not turn.loop.complete or any(event.kind == "zero_grad" for event in inside):
                continue
            if counts(turn.step, since[0]) or (
                turn.optimizer is not None and turn.optimizer.foreign
            ):
                continue
            if not turn.loops or turn.loops[-1] in turn.made_in:
                continue
            for event in (*turn.loop.cleared_before, *turn.loop.events):
                outside = len(event.loops) < len(turn.loops)
                if outside and turn.clears(event) and event.anchor not in seen:
                    seen.add(event.anchor)
                    yield Found(
                        event.anchor,
                        self.message.format(optimizer=turn.name),
                        self.remedy.format(zero=event.text or turn.name),
                        _moved(event, since[0]),
                    )
                    break

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "per-batch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
            """,
        ),
        Example(
            "step-per-epoch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for epoch in range(10):
                optimizer.zero_grad()
                for x, y in loader:
                    nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "per-epoch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for epoch in range(10):
                optimizer.zero_grad()  # <- here
                for x, y in loader:
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()  # <- here
                    nn.functional.mse_loss(model(x), y).backward()
                    optimizer.step()
            """,
        ),
    )


def _moved(zero: LoopEvent, backward: LoopEvent) -> Plan:
    """zero_grad before the backward pass."""
    from gradhealth_lint.edits.plan import MoveBefore, Plan

    return Plan("unsafe", (MoveBefore(zero.anchor, backward.anchor, inner=True),))
