"""GRD308 step-without-gradient."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import behind
from gradhealth_lint.rules.training_loop.turns import Turn, implies, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class StepWithoutGradient:
    """A step that always runs on cleared gradients, or on none."""

    code: ClassVar[str] = "GRD308"
    name: ClassVar[str] = "step-without-gradient"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{optimizer}.step() runs {fact}: it never sees a gradient"
    remedy: ClassVar[str] = (
        "call loss.backward() between {optimizer}.zero_grad() and {optimizer}.step()"
    )
    why: ClassVar[str] = (
        "A step uses the .grad that is there when it is called. Where the turn clears "
        "it and backward() only comes behind the step, the next turn clears that "
        "gradient, too, and the weights never move; the same where the loss is computed"
        " and never differentiated. Neither raises an error. Silent where anything in "
        "the loop might compute gradients out of sight."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"grad"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """zero_grad, then the step, with the backward pass behind it or nowhere."""
        seen: set[int] = set()
        for turn in turns(facts):
            events = turn.loop.events
            if not turn.loop.complete or unread(events) or turn.step.how == "closure":
                continue
            if turn.since("backward") is not None or turn.step.anchor in seen:
                continue
            fact = _behind(turn) or _nowhere(turn)
            if fact:
                seen.add(turn.step.anchor)
                yield Found(
                    turn.step.anchor,
                    self.message.format(optimizer=turn.name, fact=fact),
                    self.remedy.format(optimizer=turn.name),
                    _moved(turn),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "ordinary",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "one-turn-later",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.step()
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
            """,
        ),
        Example(
            "gradient-by-hand",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                grads = torch.autograd.grad(loss, list(model.parameters()))
                for p, g in zip(model.parameters(), grads):
                    p.grad = g
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "backward-behind",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                optimizer.step()  # <- here
                loss.backward()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
        Example(
            "no-backward",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                optimizer.step()  # <- here
                print(loss.item())
            """,
        ),
    )


def _behind(turn: Turn) -> str:
    """The turn clears, steps, and only then differentiates."""
    backward = next((event for event in turn.after if event.kind == "backward"), None)
    if backward is None or not implies(turn.step, backward) or not implies(backward, turn.step):
        return ""
    cleared = any(turn.clears(event) and implies(turn.step, event) for event in turn.before)
    return "between zero_grad() and backward()" if cleared else ""


def _nowhere(turn: Turn) -> str:
    """The turn clears, computes a loss with a model, steps, and nothing differentiates."""
    if not turn.is_torch_optimizer:
        return ""
    kinds = {event.kind for event in turn.loop.events}
    steady = {e.kind for e in turn.before if implies(turn.step, e)}
    cleared = any(turn.clears(event) for event in (*turn.before, *turn.after))
    if "backward" in kinds or not cleared or not {"forward", "loss"} <= steady:
        return ""
    return f"with no backward() in its {'loop' if turn.loop.looped else 'function'}"


def _moved(turn: Turn) -> Plan | None:
    """The step behind the backward pass, if there is one in its turn."""
    backward = next((event for event in turn.after if event.kind == "backward"), None)
    return None if backward is None else behind(turn.step, backward, "safe")
