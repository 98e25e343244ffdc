"""What happens before what in one turn of a training loop.

A turn is seen from one optimizer step: the events of the innermost loop around it, in the order
they happen, without those that stand in a branch the step excludes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import (
        Condition,
        EventKind,
        LoopEvent,
        Subject,
        TrainingLoop,
    )
    from gradhealth_lint.semantics.places import Anchor

#: Names for which nothing but an optimizer is handed to a function.
_OPTIMIZER = re.compile(r"opt|optim|optimizer")
#: Frameworks that bring what a loop is made of, and leave the loop to its author.
_BY_HAND = frozenset({"lightning", "accelerate"})
#: What may change gradients, or clear them, in a way that is not read.
UNREAD: frozenset[EventKind] = frozenset({"helper", "edit", "hook", "penalty", "fit"})


@dataclass(frozen=True, slots=True)
class Turn:
    """One optimizer step of the code's own, and what else its loop does."""

    loop: TrainingLoop
    step: LoopEvent
    before: tuple[LoopEvent, ...]
    after: tuple[LoopEvent, ...]
    optimizer: Subject | None
    #: The loops each turn of which takes the step, outermost first.
    loops: tuple[Anchor, ...]

    @property
    def is_torch_optimizer(self) -> bool:
        """Whether torch.optim made it, or it is a variable whose maker is out of view."""
        if self.optimizer is None:
            return bool(_OPTIMIZER.fullmatch(self.step.text))
        return not self.optimizer.foreign

    @property
    def made_in(self) -> tuple[Anchor, ...]:
        """The loops in which the optimizer is made anew."""
        return () if self.optimizer is None else self.optimizer.loops

    @property
    def name(self) -> str:
        """The optimizer as the user wrote it."""
        return self.step.text or "optimizer"

    def since(self, kind: EventKind) -> tuple[LoopEvent, ...] | None:
        """The last event of a kind before the step and all after it; None if there is none."""
        for index in range(len(self.before) - 1, -1, -1):
            if self.before[index].kind == kind:
                return self.before[index:]
        return None

    def concerns(self, event: LoopEvent) -> bool:
        """Whether an event may be about the gradients that are stepped."""
        if event.text == self.step.text or not event.models or not self.step.models:
            return True
        return bool(set(event.models) & set(self.step.models))

    def clears(self, event: LoopEvent) -> bool:
        """Whether an event surely clears all that is stepped."""
        if event.kind != "zero_grad":
            return False
        if self.step.text and event.text == self.step.text:
            return True
        return bool(self.step.models) and set(self.step.models) <= set(event.models)


def turns(facts: FileFacts) -> Iterator[Turn]:
    """Every optimizer step in code that no framework runs."""
    subjects = {subject.number: subject for subject in facts.subjects}
    for loop in facts.loops:
        if loop.owner != "own" and not _is_by_hand(loop):
            continue
        for index, step in enumerate(loop.events):
            if step.kind != "step" or not _is_optimizer(step, subjects):
                continue
            around = _around(step, loop)
            inside = [
                (place, event)
                for place, event in enumerate(loop.events)
                if event.loops[: len(around)] == around and not excludes(event, step)
            ]
            yield Turn(
                loop,
                step,
                tuple(event for place, event in inside if place < index),
                tuple(event for place, event in inside if place > index),
                subjects.get(step.subject) if step.subject is not None else None,
                around,
            )


def _is_by_hand(loop: TrainingLoop) -> bool:
    """Whether the loop's own code tells a framework to go backward: it does all the rest, too."""
    backwards = [event.framework for event in loop.events if event.kind == "backward"]
    return loop.owner in _BY_HAND and loop.owner in backwards


def _around(step: LoopEvent, loop: TrainingLoop) -> tuple[Anchor, ...]:
    """The loops each turn of which trains: not one that only goes over several optimizers."""
    trains = any(
        event.kind == "backward" and event.loops[: len(step.loops)] == step.loops
        for event in loop.events
    )
    return step.loops[:-1] if step.how == "each" and not trains else step.loops


def unread(events: Iterable[LoopEvent]) -> bool:
    """Whether one of the events may do to the gradients what cannot be seen."""
    return any(event.kind in UNREAD for event in events)


def excludes(one: LoopEvent, other: LoopEvent) -> bool:
    """Whether two events stand in branches of which only one is taken."""
    taken = dict(map(_test, one.conditions))
    return any(taken.get(test, holds) != holds for test, holds in map(_test, other.conditions))


def opposed(one: LoopEvent, other: LoopEvent) -> frozenset[tuple[str | int, bool]]:
    """The tests of one event that exclude another, and whether they hold for the one."""
    taken = dict(map(_test, other.conditions))
    return frozenset(
        (test, holds)
        for test, holds in map(_test, one.conditions)
        if taken.get(test, holds) != holds
    )


def is_under(event: LoopEvent, tests: frozenset[tuple[str | int, bool]]) -> bool:
    """Whether an event happens only where these tests come out so."""
    return tests <= set(map(_test, event.conditions))


def implies(one: LoopEvent, other: LoopEvent) -> bool:
    """Whether the other event happens wherever this one does, as far as tests tell."""
    return set(map(_test, other.conditions)) <= set(map(_test, one.conditions))


def counts(one: LoopEvent, other: LoopEvent) -> Condition | None:
    """The test of an event that counts turns (``i % 4 == 0``) and that another is not under."""
    others = set(map(_test, other.conditions))
    for condition in one.conditions:
        if condition.counting and _test(condition) not in others:
            return condition
    return None


def _test(condition: Condition) -> tuple[str | int, bool]:
    """A test in one of its two forms, and whether that holds."""
    text, holds = condition.text.strip(), condition.holds
    if not text:
        return condition.anchor, holds
    while text.startswith("not ") and " and " not in text and " or " not in text:
        text, holds = text[4:].strip(), not holds
    for negative, positive in ((" is not ", " is "), (" != ", " == ")):
        if text.count(negative) == 1 and " and " not in text and " or " not in text:
            text, holds = text.replace(negative, positive), not holds
    return text, holds


def _is_optimizer(step: LoopEvent, subjects: dict[int, Subject]) -> bool:
    known = subjects.get(step.subject) if step.subject is not None else None
    return not step.framework and (known is None or known.kind == "optimizer")
