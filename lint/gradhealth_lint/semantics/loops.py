"""Training loops: grouping the recorded events by the loop they happen in, and judging clipping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics import branches
from gradhealth_lint.semantics.domain.torch_values import Manager, Optimizer
from gradhealth_lint.semantics.pytorch import events, modules
from gradhealth_lint.semantics.pytorch.frameworks import limit_of
from gradhealth_lint.semantics.skipped import mentions_clipping, mentions_gradients

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import libcst as cst

    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.loop_facts import Clipping
    from gradhealth_lint.semantics.python.roots import Run, Runs
    from gradhealth_lint.semantics.pytorch.events import Event

#: They evaluate the loss several times a step and search along it: a clipped gradient would
#: mislead them, and what holds for ordinary loops does not for theirs.
_CLOSURE_OPTIMIZERS: Final = frozenset({"LBFGS"})
#: What makes a group of events worth a fact.
_TELLING: Final = frozenset({events.STEP, events.BACKWARD, events.FIT})
#: What may change a gradient in a way that is not read.
_UNREAD: Final = frozenset({events.HOOK, events.EDIT, events.PENALTY})


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer step with the backward passes that lead to it, as places in the events."""

    index: int
    backwards: tuple[int, ...]
    owners: tuple[Value, ...]
    parameters_text: str
    clipping: Clipping
    unscaled_before: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The events of one outermost loop, or of code without one around it."""

    node: cst.CSTNode
    events: tuple[Event, ...]
    steps: tuple[Step, ...]
    looped: bool
    complete: bool
    #: Optimizers stepped in it that were there before the function was called.
    lasting: tuple[Optimizer, ...] = ()
    #: What the same code clears before the loop starts; whether other code clears anything.
    cleared_before: tuple[Event, ...] = ()
    cleared_elsewhere: bool = False

    @property
    def owner(self) -> str:
        """The first framework that has a hand in it, else "own"."""
        return next((event.framework for event in self.events if event.framework), "own")


def groups(runs: Runs) -> Iterator[Group]:
    """The training loops of a file, each as often as it runs, in order."""
    hooks = [event for run in runs.roots for event in run.events if event.kind == events.HOOK]
    zeros = [event for run in runs.roots for event in run.events if event.kind == events.ZERO]
    for run in runs.roots:
        missed = (one.branch for one in run.skipped if not one.instead)
        whole = run.complete and not any(map(mentions_gradients, missed))
        for looped, inside in _by_loop(run):
            telling = [event for event in inside if event.kind in _TELLING]
            first = next((event for event in telling if bool(event.loops) is looped), None)
            if first is not None:
                node = first.loops[0] if looped else first.node
                before = _cleared_before(inside, run)
                own = {id(event.node) for event in (*inside, *before)}
                yield Group(
                    node,
                    tuple(inside),
                    tuple(_steps(inside, hooks, run)),
                    looped,
                    whole,
                    tuple(_lasting(inside, run)),
                    before,
                    any(id(event.node) not in own for event in zeros),
                )


def _by_loop(run: Run) -> Iterator[tuple[bool, list[Event]]]:
    """The events of each outermost loop, and of the code around them.

    Loops in which nothing goes backward are parts of code that does so without a loop: they go
    over its parameters or optimizers.
    """
    kinds = {events.BACKWARD, events.FIT}
    trains = {event.turn for event in run.events if event.loops and event.kind in kinds}
    straight = any(event.kind == events.BACKWARD and not event.loops for event in run.events)
    found: dict[int | None, list[Event]] = {}
    for event in run.events:
        apart = bool(event.loops) and (not straight or event.turn in trains)
        found.setdefault(event.turn if apart else None, []).append(event)
    for turn, inside in found.items():
        yield turn is not None, inside


def _cleared_before(inside: Sequence[Event], run: Run) -> tuple[Event, ...]:
    """The calls of zero_grad that the same code makes once, ahead of the loop."""
    if not all(event.loops for event in inside):
        return ()
    place = run.events.index(inside[0])
    return tuple(e for e in run.events[:place] if e.kind == events.ZERO and not e.loops)


def _lasting(inside: Sequence[Event], run: Run) -> Iterator[Optimizer]:
    """The optimizers that a function steps and did not make: more than one call steps them."""
    for event in inside:
        optimizer = event.receiver
        if (
            event.kind == events.STEP
            and isinstance(optimizer, Optimizer)
            and run.function is not None
            and optimizer.root is not run.function
        ):
            yield optimizer


def _steps(inside: Sequence[Event], hooks: Sequence[Event], run: Run) -> list[Step]:
    found = []
    for index, event in enumerate(inside):
        if event.kind != events.STEP:
            continue
        backwards = [
            place
            for place, other in enumerate(inside)
            if other.kind == events.BACKWARD and _same_loop(other, event)
        ]
        optimizer = event.receiver
        known = isinstance(optimizer, Optimizer)
        if not backwards or (known and _CLOSURE_OPTIMIZERS.intersection(optimizer.kind.split())):
            continue
        found.append(
            Step(
                index,
                tuple(backwards),
                event.owners,
                optimizer.text if known else "",
                _clipping(inside, index, backwards, hooks, run),
                any(other.kind == events.UNSCALE for other in inside),
            )
        )
    return found


def _clipping(
    inside: Sequence[Event],
    index: int,
    backwards: Sequence[int],
    hooks: Sequence[Event],
    run: Run,
) -> Clipping:
    step = inside[index]
    touching = [
        e for e in inside if e.kind == events.CLIP and _same_loop(e, step) and _concerns(e, step)
    ]
    real = [e for e in touching if limit_of(e.limit) != float("inf") or e.how == "hand"]
    tests = [branches.excludes(clip.conditions, step.conditions) for clip in real]
    if None in tests:
        return "clipped"
    known = [test for test in tests if test is not None]
    if any(map(branches.is_about_clipping, known)) or (known and step.scaler is not None):
        # In the other branch, and by choice; or a scaler that looks out for overflow will do.
        return "unknown"
    optimizer = step.receiver
    if isinstance(step.receiver, Manager):
        return _of_framework(limit_of(step.limit))
    foreign = not isinstance(optimizer, Optimizer) or optimizer.foreign
    unread = [e for e in (*inside, *hooks) if e.kind in _UNREAD and _concerns(e, step)]
    if foreign or unread or not run.complete:
        return "unknown"
    if any(mentions_clipping(one.branch) for one in run.skipped):
        return "unknown"
    before = [place for place in backwards if place < index]
    start = before[-1] if before else 0
    between = inside[start:index] if before else [*inside[backwards[-1] :], *inside[:index]]
    if any(e.kind == events.HELPER and _concerns(e, step) for e in between):
        return "unknown"
    return "none"


def _of_framework(limit: float | None) -> Clipping:
    """What an engine does by itself before it steps."""
    if limit is None:
        return "unknown"
    return "none" if limit == float("inf") else "clipped"


def _concerns(event: Event, step: Event) -> bool:
    """Whether it may be about the gradients that are stepped: known not to be only if both are."""
    if not event.owners or not step.owners:
        return True
    theirs = {id(layer) for owner in event.owners for layer in modules.layers(owner)}
    ours = {id(layer) for owner in step.owners for layer in modules.layers(owner)}
    return not theirs or not ours or bool(theirs & ours)


def _same_loop(backward: Event, step: Event) -> bool:
    """One runs in the other's loop, or in a loop inside it (accumulation)."""
    shorter = min(len(backward.loops), len(step.loops))
    return backward.loops[:shorter] == step.loops[:shorter]
