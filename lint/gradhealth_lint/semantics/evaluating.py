"""Losses of an evaluation that are collected with their graphs: it runs without ``no_grad``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import Retained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.loop_syntax import Loop, Write
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.roots import Run, Runs
    from gradhealth_lint.semantics.pytorch.events import Event
    from gradhealth_lint.semantics.training_facts import RetainedForm

_MODES: Final = {events.EVAL: True, events.TRAIN: False}
#: Switches gradients off, or uses them, in a way that is not followed.
_ELSEWHERE: Final = re.compile(r"set_grad_enabled|autograd\.grad|volatile|requires_grad")


def collected(runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]) -> Iterator[Retained]:
    """Every loss that a loop of an evaluation adds to what is there before it."""
    if _ELSEWHERE.search(code):
        return
    every = [event for run in runs.roots for event in run.events if event.gradless]
    gradless = {id(node) for event in every for node in (event.node, *event.loops[-1:])}
    for loop, inside in (one for run in runs.roots for one in _loops(run)):
        if id(loop) in gradless or any(id(event.node) in gradless for event in inside):
            continue
        losses = {id(event.node): event.text for event in inside if event.kind == events.LOSS}
        written = list(loop_syntax.writes(loop.body))
        for write in written:
            name = _loss(write, written, losses)
            total = write.name.removesuffix("[]")
            used = re.search(rf"\b{re.escape(total)}\b[^\n]*\.backward\(|{total}\.detach", code)
            if name and not used:
                form: RetainedForm = "list" if write.form == "append" else "sum"
                value = loop_syntax.told(write.value, name)
                place = None if value is None else anchor(value)
                yield Retained(anchor(write.node), form, name, total, evaluated=True, value=place)


def _loops(run: Run) -> Iterator[tuple[Loop, list[Event]]]:
    """The innermost loops that only evaluate, with what happens in them."""
    found: dict[int, tuple[Loop, list[Event]]] = {}
    evaluating, spoilt = False, set[int]()
    for event in run.events:
        evaluating = _MODES.get(event.kind, evaluating)
        loops = loop_syntax.in_file(event.loops)
        if event.kind == events.BACKWARD:
            spoilt.update(map(id, loops))
        if event.kind == events.LOSS and loops and evaluating and not event.gradless:
            found.setdefault(id(loops[-1]), (loops[-1], []))[1].append(event)
    yield from (one for key, one in found.items() if key not in spoilt)


def _loss(write: Write, written: list[Write], losses: dict[int, str]) -> str:
    """The loss that a write adds to a name with its graph, "" if there is none."""
    if write.gradless or write.form not in {"add", "append"} or _is_reset(write, written):
        return ""
    value = write.value
    if isinstance(value, cst.Call):
        text = losses.get(id(value), "")
        return f"{text}(...)" if text else ""
    for name in _factors(value):
        made = [other for other in written if other.name == name]
        if made and all(id(other.value) in losses and not other.gradless for other in made):
            return name
    return ""


def _is_reset(write: Write, written: list[Write]) -> bool:
    return any(one.name == write.name and one.form == "set" for one in written)


def _factors(node: cst.BaseExpression) -> Iterator[str]:
    """The names in a product: ``loss * len(x)``."""
    if isinstance(node, cst.Name):
        yield dotted(node)
    elif isinstance(node, cst.BinaryOperation):
        for one in walking.within(node):
            if isinstance(one, cst.Attribute):
                return
        yield from _factors(node.left)
        yield from _factors(node.right)
