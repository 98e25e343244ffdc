"""Fixes that put one thing a training loop does before or behind another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.rules.training_loop.turns import Turn
    from gradhealth_lint.semantics.loop_facts import LoopEvent
    from gradhealth_lint.violation import Applicability

#: Steps that happen once in a turn where they stand.
_PLAIN = frozenset({"", "step"})


def before(moved: LoopEvent, other: LoopEvent, applicability: Applicability) -> Plan | None:
    """The one before the other, if both run in the same turns."""
    from gradhealth_lint.edits.plan import MoveBefore, Plan

    if moved.loops != other.loops or other.how not in _PLAIN:
        return None
    return Plan(applicability, (MoveBefore(moved.anchor, other.anchor),))


def behind(moved: LoopEvent, other: LoopEvent, applicability: Applicability) -> Plan | None:
    """The one behind the other, if both run in the same turns."""
    from gradhealth_lint.edits.plan import MoveAfter, Plan

    if moved.loops != other.loops or moved.how == "each" or other.how not in _PLAIN:
        return None
    return Plan(applicability, (MoveAfter(moved.anchor, other.anchor),))


def cleared(turn: Turn, backward: LoopEvent) -> Plan | None:
    """zero_grad behind the step: there its optimizer is surely known by the same name.

    Where other models train, too, it goes before the backward pass: theirs add to the gradient.
    """
    from gradhealth_lint.edits.plan import InsertAfter, InsertBefore, Plan, SameFunction

    step = turn.step
    if step.how == "closure" or not step.text:
        return None
    line = (f"{step.text}.zero_grad()",)
    if len({event.text for event in turn.loop.events if event.kind == "step"}) == 1:
        return Plan("unsafe", (InsertAfter(step.anchor, (line,)),))
    if (backward.loops, backward.conditions) != (step.loops, step.conditions):
        return None
    steps = SameFunction(backward.anchor, step.anchor), InsertBefore(backward.anchor, (line,))
    return Plan("unsafe", steps)


def unscaled_before(clip: LoopEvent, turn: Turn) -> Plan | None:
    """``scaler.unscale_(optimizer)`` before a clip, if the step next to it names both.

    One that stands behind the clip goes before it: a second one in a turn is an error.
    """
    from gradhealth_lint.edits.plan import InsertBefore, MoveBefore, Plan, SameFunction

    events = turn.loop.events
    there = [event for event in events if event.kind == "unscale"]
    if there:
        one, *others = there
        alike = (one.loops, one.conditions) == (clip.loops, clip.conditions)
        alone = Plan("unsafe", (MoveBefore(one.anchor, clip.anchor),))
        return alone if alike and not others else None
    scaler = next((s.scaler_text for s in turn.loop.steps if events[s.event] is turn.step), "")
    if not scaler or not turn.step.text:
        return None
    line = (f"{scaler}.unscale_({turn.step.text})",)
    steps = (SameFunction(clip.anchor, turn.step.anchor), InsertBefore(clip.anchor, (line,)))
    return Plan("unsafe", steps)
