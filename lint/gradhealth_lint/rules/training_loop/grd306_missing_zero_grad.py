"""GRD306 missing-zero-grad."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.turns import Turn, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class MissingZeroGrad:
    """A loop in which nothing ever clears the gradient."""

    code: ClassVar[str] = "GRD306"
    name: ClassVar[str] = "missing-zero-grad"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "nothing in this loop clears the gradient: each {optimizer}.step() uses the sum"
        " of all gradients so far"
    )
    remedy: ClassVar[str] = "call {optimizer}.zero_grad() before backward() in every turn"
    why: ClassVar[str] = (
        "backward() adds to .grad. Without zero_grad() the second step uses the "
        "gradients of two batches, the hundredth of a hundred, most of them computed "
        "for weights that are long gone: the effective learning rate grows with time "
        "and training oscillates or diverges. Silent where anything clears gradients: "
        "zero_grad of the optimizer or model, p.grad = None, a helper that gets the "
        "model or the optimizer and cannot be read; and for optimizers that are not "
        "torch.optim's."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Backward pass and step in one loop that is read to its end and clears nothing."""
        seen: set[int] = set()
        for turn in turns(facts):
            events = turn.loop.events
            if not turn.loop.complete or not turn.step.loops or turn.step.anchor in seen:
                continue
            if any(event.kind == "zero_grad" for event in events) or unread(events):
                continue
            if _repeats(turn) and turn.since("backward") is not None:
                seen.add(turn.step.anchor)
                yield Found(
                    turn.step.anchor,
                    self.message.format(optimizer=turn.name),
                    self.remedy.format(optimizer=turn.name),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "after-the-step",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                optimizer.zero_grad()
            """,
        ),
        Example(
            "by-hand",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                for p in model.parameters():
                    p.grad = None
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "new-model-each-time",
            """
            import torch

            for lr in (0.1, 0.01):
                model = torch.nn.Linear(8, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=lr)
                model(x).mean().backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "forgotten",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
    )


def _repeats(turn: Turn) -> bool:
    """Whether the loop around the step takes several steps with one optimizer."""
    made_in = turn.optimizer.loops if turn.optimizer is not None else ()
    return turn.is_torch_optimizer and turn.step.loops[-1] not in made_in
