"""GRD307 zero-grad-before-step."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import before
from gradhealth_lint.rules.training_loop.turns import Turn, implies, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ZeroGradBeforeStep:
    """Gradients cleared between the backward pass and the step that was to use them."""

    code: ClassVar[str] = "GRD307"
    name: ClassVar[str] = "zero-grad-before-step"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this clears the gradient that {backward} has just computed, before "
        "{optimizer}.step() uses it: the step does nothing, or only what momentum and "
        "weight decay do"
    )
    remedy: ClassVar[str] = "move it before backward(), or behind {optimizer}.step()"
    why: ClassVar[str] = (
        "The order is zero_grad, backward, step. With zero_grad between the other two "
        "the optimizer sees no gradient: plain SGD and Adam leave the weights as they "
        "are, with no error, and the loss stays where it was. Silent where another "
        "backward pass comes between, where only some turns clear, for another "
        "optimizer's gradients, and where gradients are written by hand."
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
        """Backward, zero_grad, step: in this order, with nothing else in between."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            if since is None or unread(since) or any(event.kind == "step" for event in since):
                continue
            for event in since[1:]:
                if turn.clears(event) and implies(turn.step, event) and event.anchor not in seen:
                    seen.add(event.anchor)
                    loss = f"{since[0].text}.backward()" if since[0].text else "backward()"
                    yield Found(
                        event.anchor,
                        self.message.format(backward=loss, optimizer=turn.name),
                        self.remedy.format(optimizer=turn.name),
                        _moved(event, since[0], turn),
                    )
                    break

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "before-backward",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "the-other-optimizer",
            """
            import torch

            G, D = torch.nn.Linear(8, 8), torch.nn.Linear(8, 1)
            optimizer_g = torch.optim.Adam(G.parameters())
            optimizer_d = torch.optim.Adam(D.parameters())
            for real, noise in loader:
                optimizer_g.zero_grad()
                loss_g = -D(G(noise)).mean()
                loss_g.backward()
                optimizer_d.zero_grad()
                optimizer_g.step()
                loss_d = D(G(noise).detach()).mean() - D(real).mean()
                loss_d.backward()
                optimizer_d.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "in-between",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.zero_grad()  # <- here
                optimizer.step()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                optimizer.zero_grad()  # <- here
                loss.backward()
                optimizer.step()
            """,
        ),
    )


def _moved(zero: LoopEvent, backward: LoopEvent, turn: Turn) -> Plan | None:
    """zero_grad before the backward pass, where each turn takes all three."""
    if not zero.conditions == backward.conditions == turn.step.conditions:
        return None
    return before(zero, replace(backward, how=""), "safe")
