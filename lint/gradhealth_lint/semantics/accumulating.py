"""Gradients of several batches that are added up and never divided by their number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import Accumulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.loop_syntax import Loop
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.events import Event

_UNREAD: Final = frozenset({events.HELPER, events.EDIT, events.HOOK, events.PENALTY, events.FIT})
#: A loss that is a sum over samples grows with the batch as well: summing up is what is meant.
_SUMMED: Final = re.compile(r"""reduction\s*=\s*["'](sum|none)["']|size_average\s*=\s*False""")
_SCALING: Final = frozenset({"div", "div_", "mul", "mul_", "true_divide", "sum"})


def accumulated(
    runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Accumulation, ...]:
    """Every backward pass whose gradient is summed over batches as it is, each once."""
    found: dict[int, Accumulation] = {}
    if not any(event.kind == events.STEP for run in runs.roots for event in run.events):
        return ()
    if _SUMMED.search(code):
        return ()
    for run in runs.roots:
        for index, step in enumerate(run.events):
            loops = loop_syntax.in_file(step.loops)
            if step.kind != events.STEP or step.framework or not loops or step.how == "closure":
                continue
            around = [e for e in run.events if e.turn == step.turn and loops[-1] in e.loops]
            if any(event.kind in _UNREAD or event.framework for event in around):
                continue
            backward = _last_backward(run.events[:index], step)
            every = "" if backward is None else _every(step, backward, loops[-1])
            if backward is None or not every or not _cleared_with(step, around):
                continue
            if not _is_scaled(loops[-1], backward, every, code):
                name = backward.text or "the loss"
                loss = _loss(backward)
                fact = Accumulation(
                    anchor(backward.node), name, every, step.text or "optimizer",
                    None if loss is None else anchor(loss),
                )  # fmt: skip
                found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _loss(backward: Event) -> cst.BaseExpression | None:
    """The variable of ``loss.backward()`` or ``scaler.scale(loss).backward()``."""
    func = getattr(backward.node, "func", None)
    started = func.value if isinstance(func, cst.Attribute) else None
    if isinstance(started, cst.Call) and len(started.args) == 1:
        started = started.args[0].value
    return started if isinstance(started, (cst.Name, cst.Attribute)) else None


def _last_backward(before: Sequence[Event], step: Event) -> Event | None:
    """The backward pass right before a step, in the same loop and with nothing cleared between."""
    for event in reversed(before):
        if event.loops != step.loops or event.turn != step.turn:
            return None
        if event.kind == events.BACKWARD:
            return event
        if event.kind in {events.ZERO, events.STEP}:
            return None
    return None


def _every(step: Event, backward: Event, loop: Loop) -> str:
    """The number of batches a step waits for, as the test around it says; "" if there is none."""
    shared = {id(node) for node, _ in backward.conditions}
    for node, holds in step.conditions:
        if id(node) in shared or not isinstance(node, cst.If):
            continue
        if holds == bool(walking.nodes_within(node.test, cst.NotEqual)):
            continue
        for one in walking.within(node.test):
            if isinstance(one, cst.BinaryOperation) and isinstance(one.operator, cst.Modulo):
                return _text(one.right)
            if isinstance(one, cst.Comparison) and loop_syntax.counts_up(one, loop):
                return _text(one.comparisons[0].comparator)
    return ""


def _cleared_with(step: Event, around: Sequence[Event]) -> bool:
    """Whether gradients are cleared where the step is taken, and nowhere else in the loop."""
    cleared = [event for event in around if event.kind == events.ZERO]
    tests = {id(node) for node, _ in step.conditions}
    return bool(cleared) and all(
        tests <= {id(node) for node, _ in event.conditions} for event in cleared
    )


def _is_scaled(loop: Loop, backward: Event, every: str, code: str) -> bool:
    """Whether the loss is divided, or anything in the file by the number of batches."""
    starts = loop_syntax.started(backward)
    made = [
        write
        for write in loop_syntax.writes(loop.body)
        if write.name in starts or "loss" in write.name.lower()
    ]
    if any(_scales(write.value, every) or _divides(write.node) for write in made):
        return True
    return _scales(backward.node, every) or (not every.isdigit() and _is_used(every, code))


def _scales(node: cst.CSTNode, every: str) -> bool:
    """Whether an expression divides what may be the loss, or sums it over samples."""
    for one in walking.within(node):
        if isinstance(one, cst.Attribute) and one.attr.value in _SCALING:
            return True
        if isinstance(one, cst.BinaryOperation):
            if isinstance(one.operator, cst.Divide):
                return True
            if isinstance(one.operator, cst.Multiply) and every.isdigit():
                sides = (one.left, one.right)
                if any(
                    isinstance(s, cst.Float) and float(s.value) * int(every) == 1 for s in sides
                ):
                    return True
    return False


def _divides(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.AugAssign) and isinstance(
        node.operator, (cst.DivideAssign, cst.MultiplyAssign)
    )


def _is_used(every: str, code: str) -> bool:
    """Whether something in the file is divided by the number of batches that are added up."""
    last = re.escape(every.rpartition(".")[2].strip("()[] '\""))
    owner = r"(?:\w+(?:\(\))?[.\[]['\"]?)*"
    return bool(re.search(rf"(?<!/)/=?\s*\(?\s*(?:float\()?{owner}{last}\b", code))


def _text(node: cst.BaseExpression) -> str:
    return cst.Module([]).code_for_node(node)
