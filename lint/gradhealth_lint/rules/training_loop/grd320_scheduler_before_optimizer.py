"""GRD320 scheduler-before-optimizer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import behind
from gradhealth_lint.rules.training_loop.turns import Turn, implies, turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class SchedulerBeforeOptimizer:
    """A scheduler that steps before the optimizer in the same turn."""

    code: ClassVar[str] = "GRD320"
    name: ClassVar[str] = "scheduler-before-optimizer"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{scheduler}.step() comes before {optimizer}.step() in the same turn: the first"
        " learning rate is never used"
    )
    remedy: ClassVar[str] = "move it behind {optimizer}.step()"
    why: ClassVar[str] = (
        "A scheduler sets the rate of the steps to come. Called first in a turn it "
        "replaces the initial rate before any step has used it, and the whole schedule,"
        " warm-up included, is one step ahead; since PyTorch 1.1 a warning says so, "
        "once. Silent where the epoch or a metric is passed, and where a helper that cannot be "
        "read comes between."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: how to adjust learning rate",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"step"),
        re.compile(rb"lr_scheduler|(?i:schedule)"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A scheduler's step before the first step of an optimizer in the turn."""
        seen: set[int] = set()
        kinds = {subject.number: subject.kind for subject in facts.subjects}
        for turn in turns(facts):
            if not turn.loop.looped or turn.since("backward") is None:
                continue
            for event in _first(turn):
                known = kinds.get(-1 if event.subject is None else event.subject) == "scheduler"
                known = known or (event.subject is None and bool(_SCHEDULER.search(event.text)))
                if event.kind != "schedule" or event.how == "explicit" or not known:
                    continue
                if event.loops and implies(turn.step, event) and event.anchor not in seen:
                    seen.add(event.anchor)
                    yield Found(
                        event.anchor,
                        self.message.format(scheduler=event.text, optimizer=turn.name),
                        self.remedy.format(optimizer=turn.name),
                        _moved(event, turn),
                    )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "behind",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 100)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                scheduler.step()
            """,
        ),
        Example(
            "told-the-epoch",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 100)
            for i, (x, y) in enumerate(loader):
                scheduler.step(i)
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "first",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=1000)
            for x, y in loader:
                scheduler.step()  # <- here
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=1000)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                scheduler.step()  # <- here
            """,
        ),
    )


#: What nothing but one of PyTorch's schedulers, or one like them, is called.
_SCHEDULER = re.compile(r"(^|[._])lr_?sched(uler)?$|^(self\.)?sched(uler)?$")


def _first(turn: Turn) -> Iterator[LoopEvent]:
    """What the loops around the step do in their first turns before anything is stepped."""
    for event in turn.loop.events:
        if event.kind in {"step", "fit", "helper"} or event is turn.step:
            return
        if event.loops == turn.step.loops[: len(event.loops)]:
            yield event


def _moved(schedule: LoopEvent, turn: Turn) -> Plan | None:
    """The scheduler's step behind the optimizer's, or behind the loop that takes those."""
    from gradhealth_lint.edits.plan import MoveAfter, Plan

    deeper = turn.step.loops[len(schedule.loops) :]
    if not deeper:
        return behind(schedule, replace(turn.step, how=""), "unsafe")
    return Plan("unsafe", (MoveAfter(schedule.anchor, deeper[0]),))
