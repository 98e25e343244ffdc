"""GRD305 ineffective-clip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.turns import turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class IneffectiveClip:
    """A clip that takes the whole gradient or turns it around, or that clips nothing."""

    code: ClassVar[str] = "GRD305"
    name: ClassVar[str] = "ineffective-clip"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = "{cause} {effect}"
    remedy: ClassVar[str] = (
        "give it a positive limit, such as max_norm=1.0, or leave the call out to train"
        " without clipping"
    )
    remedy_spent: ClassVar[str] = (
        "pass model.parameters() in the call itself, or keep list(model.parameters())"
    )
    remedy_other: ClassVar[str] = "clip the parameters of the model that {optimizer} steps"
    why: ClassVar[str] = (
        "clip_grad_norm_ multiplies the gradient by max_norm / norm wherever the norm "
        "is larger, so 0 makes every gradient zero and a negative limit turns it "
        "around: the loss is climbed. clip_grad_value_ with 0 does the same to every "
        "entry. Frameworks read 0 as no clipping, these functions do not. An infinite or "
        "huge limit clips nothing; a generator such as params = model.parameters() is "
        "empty when it has been gone over once, by the optimizer or by the last clip, "
        "and the call then clips nothing either. Silent for limits that the source does"
        " not tell, and for an infinite one whose result is used, which is how people "
        "measure a norm."
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
            effect = "" if event.anchor in seen else _effect(event, limits)
            if effect:
                seen.add(event.anchor)
                cause = f"a limit of {event.limit:g}"
                yield Found(
                    event.anchor, self.message.format(cause=cause, effect=effect), self.remedy
                )
            elif event.flaw == "spent" and event.anchor not in seen:
                seen.add(event.anchor)
                message = self.message.format(
                    cause=f"{event.text or 'this'} is a generator that is gone over before this "
                    "call, in this turn or the one before:",
                    effect="it is empty here, and nothing is clipped",
                )
                yield Found(event.anchor, message, self.remedy_spent)
        yield from self._others(facts, seen)

    def _others(self, facts: FileFacts, seen: set[int]) -> Iterator[Found]:
        """Clips of a model that nothing in the loop steps, between a backward pass and a step."""
        names = {subject.number: subject.name for subject in facts.subjects}
        for turn in turns(facts):
            stepped = [event for event in turn.loop.events if event.kind == "step"]
            owned = {number for event in stepped for number in event.models}
            if not all(event.models for event in stepped) or unread(turn.loop.events):
                continue
            for event in turn.since("backward") or ():
                if event.kind != "clip" or event.framework or not event.models:
                    continue
                if event.anchor in seen or any(_overlap(facts, n, owned) for n in event.models):
                    continue
                seen.add(event.anchor)
                clipped = names[event.models[0]]
                message = self.message.format(
                    cause=f"this clips {clipped}, and {turn.name} steps "
                    f"{names[turn.step.models[0]]}:",
                    effect="the gradients that are used are not clipped",
                )
                yield Found(event.anchor, message, self.remedy_other.format(optimizer=turn.name))

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
        Example(
            "generator-of-the-optimizer",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            params = model.parameters()
            optimizer = torch.optim.SGD(params, lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(params, 1.0)  # <- here
                optimizer.step()
            """,
        ),
        Example(
            "infinite-for-nothing",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(model.parameters(), float("inf"))  # <- here
                optimizer.step()
            """,
        ),
    )


def _effect(event: LoopEvent, limits: Limits) -> str:
    """What a limit does to the gradient, "" if it clips."""
    if event.limit is None:
        return ""
    if event.limit <= 0:
        return "makes every gradient zero" if event.limit == 0 else "turns every gradient around"
    if event.limit >= limits.largest_clip and event.flaw == "unused":
        return "clips nothing, and nobody looks at the norm that the call gives back"
    return ""


def _overlap(facts: FileFacts, number: int, owned: set[int]) -> bool:
    """Whether a model may share parameters with one of those that are stepped."""
    subjects = {subject.number: subject for subject in facts.subjects}
    ours = subjects[number].parts
    return not ours or any(
        not subjects[other].parts or ours & subjects[other].parts for other in owned
    )
