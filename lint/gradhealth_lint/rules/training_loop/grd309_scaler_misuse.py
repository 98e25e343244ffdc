"""GRD309 scaler-misuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop import scaling
from gradhealth_lint.rules.training_loop.turns import Turn, implies, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ScalerMisuse:
    """A loss scaler that is used in part."""

    code: ClassVar[str] = "GRD309"
    name: ClassVar[str] = "scaler-misuse"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{fact}"
    remedy: ClassVar[str] = "{remedy}"
    why: ClassVar[str] = (
        "A GradScaler multiplies the loss so that float16 gradients do not underflow, "
        "and everything else is up to it: scaler.step(optimizer) divides the gradients "
        "again and skips a step with infinities, scaler.update() adapts the scale. "
        "optimizer.step() after scaler.scale(loss).backward() takes steps 65536 times "
        "too large; without update() the first overflow is never answered, and every "
        "later step is skipped or lost. "
        "optimizer.step() behind scaler.step(optimizer) is a second step. Between two updates "
        "each optimizer is unscaled at most once and stepped at most once: a second unscale_, a "
        "second step and an update() that nothing was stepped for raise errors. Silent where the "
        "gradients are unscaled by unscale_ before an ordinary step."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Automatic Mixed Precision examples: gradient clipping, "
        "gradient accumulation",
        "Micikevicius et al. (2018), Mixed precision training, arXiv 1710.03740, section 3.2",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:scaler)"),
        re.compile(rb"backward"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """An ordinary step after a scaled backward pass; scaled steps that nothing updates."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            if since is None or since[0].how != "scaled" or turn.step.anchor in seen:
                continue
            found = _unscaled_step(turn, since) or _second_step(turn, since) or _no_update(turn)
            misuse = (turn.step.anchor, *found) if found else _in_disorder(turn)
            if misuse and misuse[0] not in seen:
                place, fact, remedy = misuse
                seen.update((place, turn.step.anchor))
                yield Found(
                    place, self.message.format(fact=fact), self.remedy.format(remedy=remedy)
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "complete",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
            """,
        ),
        Example(
            "unscaled-by-hand",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                scaler.unscale_(optimizer)
                optimizer.step()
                scaler.update()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "ordinary-step",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                optimizer.step()  # <- here
                scaler.update()
            """,
        ),
        Example(
            "no-update",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            from torch.cuda.amp import GradScaler

            scaler = GradScaler()
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)  # <- here
            """,
        ),
    )


def _in_disorder(turn: Turn) -> scaling.Misuse | None:
    """What the scaler is asked for too early, too often or too rarely."""
    return (
        scaling.unscaled_twice(turn)
        or scaling.updated_first(turn)
        or scaling.updated_too_rarely(turn)
        or scaling.updated_too_often(turn)
    )


def _unscaled_step(turn: Turn, since: tuple[LoopEvent, ...]) -> tuple[str, str] | None:
    """The optimizer's own step on gradients that are still scaled."""
    if turn.step.how == "scaled" or unread(since) or not implies(turn.step, since[0]):
        return None
    if any(event.kind in {"unscale", "step"} for event in since):
        return None
    fact = f"{turn.name}.step() uses gradients that are still multiplied by the loss scale"
    return fact, f"write scaler.step({turn.name}) and scaler.update()"


def _second_step(turn: Turn, since: tuple[LoopEvent, ...]) -> tuple[str, str] | None:
    """The optimizer's own step right behind the scaler's."""
    if turn.step.how == "scaled" or not turn.step.text:
        return None
    for event in since:
        taken = event.kind == "step" and event.how == "scaled" and event.text == turn.step.text
        if taken and implies(turn.step, event):
            fact = f"scaler.step({turn.name}) has been called: this follows each gradient twice"
            return fact, f"leave {turn.name}.step() out"
    return None


def _no_update(turn: Turn) -> tuple[str, str] | None:
    """Scaled steps in a loop that never updates the scale."""
    events = turn.loop.events
    if turn.step.how != "scaled" or not turn.loop.looped or not turn.loop.complete:
        return None
    if unread(events) or any(event.kind == "update" for event in events):
        return None
    fact = "nothing in this loop calls scaler.update(): the loss scale never adapts"
    return fact, f"call scaler.update() behind scaler.step({turn.name})"
