"""What a GradScaler is asked to do in a wrong order, or once too often.

Between two calls of update() a scaler unscales each optimizer's gradients at most once, and steps
it at most once; update() needs the infinities that one of the two has looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradhealth_lint.rules.training_loop.turns import counts, implies, unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.rules.training_loop.turns import Turn
    from gradhealth_lint.semantics.loop_facts import LoopEvent
    from gradhealth_lint.semantics.places import Anchor

#: A place, what is wrong there, and what to do about it.
Misuse = tuple["Anchor", str, str]


def unscaled_twice(turn: Turn) -> Misuse | None:
    """A second ``unscale_`` of the same optimizer before ``update()``.

    One that is under a test of its own may look at what the first one left behind.
    """
    first: LoopEvent | None = None
    for event in turn.before:
        hidden = event.kind == "helper" and event.how == "scaler"
        if event.kind in {"update", "step"} or hidden or event.loops != turn.loops:
            first = None
        elif event.kind == "unscale" and _is_of(event, turn):
            if first is not None and first.anchor != event.anchor and implies(first, event):
                fact = (
                    f"unscale_({turn.name}) has been called since the last update(): a second "
                    "call raises an error"
                )
                return event.anchor, fact, "unscale once, before the norm is first looked at"
            first = event
    return None


def updated_first(turn: Turn) -> Misuse | None:
    """``update()`` between the backward pass and the scaler's step."""
    since = turn.since("backward")
    if turn.step.how != "scaled" or since is None or unread(since):
        return None
    if any(event.kind == "step" for event in since):
        return None  # the other optimizer's, which is updated before this one is reached
    for event in since:
        if event.kind == "update" and implies(turn.step, event) and implies(event, turn.step):
            fact = (
                f"scaler.update() stands before scaler.step({turn.name}): it has no step to judge, "
                "and what was unscaled is divided by the scale again"
            )
            return event.anchor, fact, f"call it behind scaler.step({turn.name})"
    return None


def updated_too_rarely(turn: Turn) -> Misuse | None:
    """Scaled steps in an inner loop, and ``update()`` behind it only."""
    loops, events = turn.loops, turn.loop.events
    if turn.step.how != "scaled" or not turn.loop.complete or unread(events):
        return None
    updates = [event for event in events if event.kind == "update"]
    if not loops or not updates or any(event.loops[: len(loops)] == loops for event in updates):
        return None
    if not _trains(events, loops):
        return None
    fact = "scaler.update() is outside the loop of the steps: the second step raises an error"
    return turn.step.anchor, fact, f"call scaler.update() behind scaler.step({turn.name})"


def updated_too_often(turn: Turn) -> Misuse | None:
    """``update()`` in every turn, and the step in some of them."""
    events = (*turn.before, *turn.after)
    if turn.step.how != "scaled" or unread(events):
        return None
    if any(event.kind in {"step", "unscale"} and not implies(event, turn.step) for event in events):
        return None
    for event in events:
        if event.kind == "update" and event.loops == turn.loops and counts(turn.step, event):
            fact = (
                f"scaler.update() runs in every turn and scaler.step({turn.name}) in some: where "
                "nothing was stepped it raises an error"
            )
            return event.anchor, fact, f"call it behind scaler.step({turn.name}) only"
    return None


def _is_of(event: LoopEvent, turn: Turn) -> bool:
    """Whether what is unscaled is what is stepped."""
    if event.subject is not None and turn.step.subject is not None:
        return event.subject == turn.step.subject
    return bool(event.text) and event.text == turn.step.text


def _trains(events: Sequence[LoopEvent], loops: tuple[Anchor, ...]) -> bool:
    return any(event.kind == "backward" and event.loops == loops for event in events)
