"""Graphs that are kept beyond their turn: losses that are summed up or collected for a log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import evaluating, loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import Retained, RetainedForm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradhealth_lint.semantics.loop_syntax import Loop, Write
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.events import Event

_LOSS: Final = re.compile(r"loss|err(or)?(_|$)|nll|bce|mse|elbo", re.I)
#: Methods whose result has the graph of what they are called on.
_KEEPING: Final = frozenset({"cpu", "cuda", "to", "mean", "sum", "clone", "squeeze", "float"})
#: What makes a number, or a tensor without a graph, of a loss.
_CUTTING: Final = frozenset({"item", "detach", "detach_", "data", "tolist", "numpy"})


def retained(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Retained, ...]:
    """Every place where training code keeps the graph of a loss, each once."""
    found: dict[int, Retained] = {}
    every = [event for run in runs.roots for event in run.events]
    trains = any(event.kind == events.BACKWARD for event in every)
    returning = dict(_returning(interpreter)) if trains else {}
    for run in runs.roots:
        backwards = [event for event in run.events if event.kind == events.BACKWARD]
        started = set[str]().union(*map(loop_syntax.started, backwards)) if backwards else set()
        for loop in _loops(backwards):
            for fact in _collected(loop.body, started, returning, anchor):
                found.setdefault(fact.anchor, fact)
        for body in _methods(interpreter, backwards):
            for fact in _collected(body, started, returning, anchor):
                if fact.total.startswith("self."):
                    found.setdefault(fact.anchor, fact)
        for event in backwards:
            if _keeps_for_nobody(event, run.events):
                name = event.text or "the loss"
                fact = Retained(anchor(event.node), "retain_graph", name)
                found.setdefault(fact.anchor, fact)
    for fact in evaluating.collected(runs, code, anchor):
        found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _loops(backwards: Sequence[Event]) -> list[Loop]:
    found = {
        id(loop): loop
        for event in backwards
        if not event.framework
        for loop in loop_syntax.in_file(event.loops)
    }
    return list(found.values())


def _methods(interpreter: Interpreter, backwards: Sequence[Event]) -> Iterator[cst.BaseSuite]:
    """The bodies of the functions that backward passes stand in: their objects outlive a call."""
    nodes = {id(event.node) for event in backwards if not event.framework}
    for function in loop_syntax.functions(interpreter) if nodes else ():
        body = function.node.body
        if isinstance(body, cst.BaseSuite) and any(
            id(one) in nodes for one in walking.within(body)
        ):
            yield body


def _collected(
    body: cst.BaseSuite,
    started: set[str],
    returning: dict[str, int],
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[Retained]:
    written = list(loop_syntax.writes(body))
    feeding = loop_syntax.feeding(started, written)
    inner = [node for node in walking.within(body) if isinstance(node, (cst.For, cst.While))]
    nested = {id(write.node) for one in inner for write in loop_syntax.writes(one.body)}
    for write in written:
        if write.gradless or write.name in feeding or id(write.node) in nested:
            continue
        reset = any(
            other.name == write.name and other.form == "set" and other is not write
            for other in written
        )
        name = "" if reset else _kept(write, written, feeding, started, returning)
        if name:
            form: RetainedForm = "list" if write.form == "append" else "sum"
            value = loop_syntax.told(write.value, name)
            place = None if value is None else anchor(value)
            total = write.name.removesuffix("[]")
            yield Retained(anchor(write.node), form, name, total, value=place)


def _kept(
    write: Write,
    written: list[Write],
    feeding: set[str],
    started: set[str],
    returning: dict[str, int],
) -> str:
    """The loss whose graph a write adds to a name, "" if there is none."""
    if isinstance(write.value, cst.Call) and write.form != "set":
        called = dotted(write.value.func)
        if returning.get(called.rpartition(".")[2]) == 0:
            return f"{called}(...)"
    names = [name for name in _graphs(write.value) if name != write.name]
    if write.form == "set" and not _adds_to_itself(write):
        return ""
    for name in names:
        sources = [other for other in written if other.name == name and other.form == "set"]
        if any(_cuts(other.value) for other in sources) or _is_cut_in_place(written, name):
            continue
        differentiated = name in started or (name in feeding and _LOSS.search(name))
        if differentiated and sources and all(_is_computed(other, returning) for other in sources):
            return name
        if sources and all(_is_returned(other, name, returning) for other in sources):
            return name
    return ""


def _graphs(node: cst.BaseExpression) -> Iterator[str]:
    """The names whose graphs an expression has."""
    if isinstance(node, (cst.Name, cst.Attribute)):
        text = dotted(node)
        if text and text.rpartition(".")[2] not in _CUTTING:
            yield text
    elif isinstance(node, cst.BinaryOperation):
        yield from _graphs(node.left)
        yield from _graphs(node.right)
    elif (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in _KEEPING
    ):
        yield from _graphs(node.func.value)


def _adds_to_itself(write: Write) -> bool:
    """``total = total + loss``."""
    value = write.value
    if not isinstance(value, cst.BinaryOperation) or not isinstance(value.operator, cst.Add):
        return False
    return write.name in {dotted(value.left), dotted(value.right)}


def _cuts(node: cst.CSTNode) -> bool:
    """Whether an expression makes numbers of what it is given."""
    for inner in walking.within(node):
        if isinstance(inner, cst.Attribute) and inner.attr.value in _CUTTING:
            return True
        if isinstance(inner, cst.Call) and dotted(inner.func) in {"float", "int"}:
            return True
    return False


def _is_cut_in_place(written: list[Write], name: str) -> bool:
    return any(
        isinstance(inner, cst.Attribute)
        and inner.attr.value == "detach_"
        and dotted(inner.value) == name
        for write in written
        for inner in walking.within(write.node)
    )


def _is_computed(write: Write, returning: dict[str, int]) -> bool:
    """Whether a loss is the result of a computation in view, not of a helper that may cut it."""
    value = write.value
    if isinstance(write.node, cst.For) or isinstance(value, (cst.Integer, cst.Float)):
        return False
    return isinstance(
        value, (cst.Call, cst.BinaryOperation, cst.UnaryOperation, cst.Attribute, cst.Subscript)
    )


def _is_returned(write: Write, name: str, returning: dict[str, int]) -> bool:
    """Whether a name is what a function of the file gives back after it went backward from it."""
    value = write.value
    if not isinstance(value, cst.Call):
        return False
    place = returning.get(dotted(value.func).rpartition(".")[2])
    if place is None:
        return False
    target = write.node.targets[0].target if isinstance(write.node, cst.Assign) else None
    if isinstance(target, cst.Tuple):
        return place < len(target.elements) and dotted(target.elements[place].value) == name
    return place == 0


def _returning(interpreter: Interpreter) -> Iterator[tuple[str, int]]:
    """Functions that give back the tensor they went backward from, and at which place."""
    for function in loop_syntax.functions(interpreter):
        starts: set[str] = set()
        given: list[cst.BaseExpression] = []
        for node in walking.within(function.node.body):
            if node.__class__ is cst.Return and node.value is not None:
                given.append(node.value)
            if node.__class__ is cst.Attribute and node.attr.value == "backward":
                starts.add(dotted(node.value))
        if len(given) != 1 or not starts:
            continue
        cut = {write.name for write in loop_syntax.writes(function.node.body) if _cuts(write.value)}
        items = [given[0]]
        if isinstance(given[0], cst.Tuple):
            items = [element.value for element in given[0].elements]
        for place, item in enumerate(items):
            if isinstance(item, cst.Name) and item.value in starts - cut:
                yield function.name, place


def _keeps_for_nobody(event: Event, others: Sequence[Event]) -> bool:
    """``loss.backward(retain_graph=True)`` of a graph that is made and used up in one turn."""
    node = event.node
    if not isinstance(node, cst.Call) or not event.loops or event.framework:
        return False
    told = any(
        argument.keyword is not None
        and argument.keyword.value == "retain_graph"
        and dotted(argument.value) == "True"
        for argument in node.args
    )
    if not told or not isinstance(event.loops[-1], (cst.For, cst.While)):
        return False
    inside = [other for other in others if other.loops[: len(event.loops)] == event.loops]
    places = {id(other.node) for other in inside if other.kind == events.BACKWARD}
    unread = {events.PENALTY, events.HELPER, events.EDIT, events.HOOK}
    if len(places) > 1 or any(other.kind in unread for other in inside):
        return False
    code = loop_syntax.mentioned(event.loops[-1].body)
    if any(name.endswith(("autograd.grad", "autograd.backward")) for name in code):
        return False
    made = any(
        other.kind in {events.FORWARD, events.LOSS} and other.loops == event.loops
        for other in inside
    )
    return made and any(other.kind == events.STEP for other in inside)
