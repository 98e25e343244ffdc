"""States that a training loop carries from one backward pass into the next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import ClassValue, Function, Instance, Qualified
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import CarriedState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradhealth_lint.semantics.loop_syntax import Loop, Write
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.events import Event

#: What people call the state of a recurrent network.
_STATE: Final = re.compile(
    r"(^|[._])(h|c|hx|cx|hn|cn|ht|ct|h_?n|c_?n|h_?t|c_?t|h_?0|c_?0|h\d|c\d|hid|mems?)$"
    r"|hidden|state|memory|carry|(^|_)hc$|cell",
    re.I,
)
_OF_OTHERS: Final = re.compile(r"opt|env|state_dict|next_state|rng|seed|train_state", re.I)
_MODEL: Final = re.compile(
    r"rnn|lstm|gru|cell|model|net|encoder|decoder|policy|agent|forward|core|actor", re.I
)
_CUTTING: Final = frozenset({"detach", "detach_", "data", "item"})
_CUTTERS: Final = re.compile(r"detach|repackage|truncate|stop_grad|init|reset|zero", re.I)


def carried(
    interpreter: Interpreter, runs: Runs, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[CarriedState, ...]:
    """Every state that a loop with a backward pass hands on with its graph, each once."""
    found: dict[int, CarriedState] = {}
    trained: list[tuple[Event, Instance]] = []
    for run in runs.roots:
        forwards = [event for event in run.events if event.kind == events.FORWARD]
        for event in run.events:
            loops = loop_syntax.in_file(event.loops)
            if event.kind != events.BACKWARD or event.framework or not loops:
                continue
            for fact in _of_loop(loops[-1], event, forwards, anchor):
                found.setdefault(fact.anchor, fact)
            trained.extend(
                (event, other.receiver)
                for other in forwards
                if isinstance(other.receiver, Instance) and loops[-1] in other.loops
            )
    for event, module in trained:
        for fact in _of_module(event, module, anchor):
            found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _of_loop(
    loop: Loop,
    backward: Event,
    forwards: Sequence[Event],
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[CarriedState]:
    """``out, h = model(x, h)`` where nothing cuts or resets ``h``."""
    written = list(loop_syntax.writes(loop))
    receivers = {id(event.node): event.receiver for event in forwards}
    for write in written:
        call = write.value
        if write.form != "set" or write.gradless or not isinstance(call, cst.Call):
            continue
        name = write.name
        if not _STATE.search(name) or _OF_OTHERS.search(name) or not _gets(call, name):
            continue
        if not _is_model(call, receivers) or _is_reset(name, write, written):
            continue
        if not _is_cut(loop, name):
            yield CarriedState(anchor(write.node), name, anchor(backward.node))


def _gets(call: cst.Call, name: str) -> bool:
    """Whether a call gets a variable as it is, alone or in a tuple, and not as its only input."""
    given = [argument.value for argument in call.args]
    single = {dotted(value) for value in given}
    parts = {
        dotted(element.value)
        for value in given
        if isinstance(value, (cst.Tuple, cst.List))
        for element in value.elements
    }
    return name in single | parts


def _is_model(call: cst.Call, receivers: dict[int, object]) -> bool:
    """Whether what is called is a model, and not one that cuts the state by itself."""
    receiver = receivers.get(id(call))
    text = dotted(call.func)
    if isinstance(receiver, Instance):
        forward = classes.find(receiver.cls, "forward")
        return isinstance(forward, Function) and not _mentions_cut(forward.node)
    if isinstance(receiver, (Qualified, ClassValue)) or _CUTTERS.search(text):
        return False
    return id(call) in receivers or bool(_MODEL.search(text.removeprefix("self.")))


def _is_reset(name: str, write: Write, written: Sequence[Write]) -> bool:
    """Whether something else in the loop gives the state a new value, every turn or some."""
    for other in written:
        if other.node is write.node or other.first or other.form != "set":
            continue
        if other.name == name or name.startswith(f"{other.name}."):
            call = other.value
            if not (isinstance(call, cst.Call) and _gets(call, name) and not _cuts_it(call)):
                return True
    return False


def _cuts_it(call: cst.Call) -> bool:
    return bool(_CUTTERS.search(dotted(call.func)) or not _MODEL.search(dotted(call.func)))


def _is_cut(loop: Loop, name: str) -> bool:
    """Whether the loop cuts the state in place, or lends a cut one to the model."""
    over: dict[int, frozenset[str]] = {}
    for node in walking.within(loop.body):
        if isinstance(node, cst.For) and name in loop_syntax.mentioned(node.iter):
            lent = frozenset(walking.names(node.target))
            over.update((id(line), lent) for line in walking.within(node.body))
            if _mentions_cut(node.iter):
                return True
        elif isinstance(node, cst.SimpleStatementLine):
            concerned = id(node) in over or name in loop_syntax.mentioned(node)
            if concerned and _mentions_cut(node) and not _is_void(node, over.get(id(node))):
                return True
    return False


def _is_void(line: cst.SimpleStatementLine, lent: frozenset[str] | None) -> bool:
    """Whether what a statement cuts is thrown away: ``h.detach()``, or put in a loop's variable."""
    for one in line.body:
        if isinstance(one, cst.Expr):
            value = one.value.elt if isinstance(one.value, cst.ListComp) else one.value
            if not isinstance(value, cst.Call) or not isinstance(value.func, cst.Attribute):
                return False
            if value.func.attr.value != "detach":
                return False
        elif isinstance(one, cst.Assign):
            targets = {dotted(target.target) for target in one.targets}
            if lent is None or not targets <= lent:
                return False
        else:
            return False
    return True


def _mentions_cut(node: cst.CSTNode) -> bool:
    return any(
        (isinstance(inner, cst.Attribute) and inner.attr.value in _CUTTING)
        or (isinstance(inner, cst.Call) and bool(_CUTTERS.search(dotted(inner.func))))
        for inner in walking.within(node)
    )


def _of_module(
    backward: Event,
    module: Instance,
    anchor: Callable[[cst.CSTNode], Anchor],
) -> Iterator[CarriedState]:
    """``out, self.hidden = self.lstm(x, self.hidden)`` in forward, and nobody resets it."""
    forward = classes.find(module.cls, "forward")
    if module.cls.foreign or not isinstance(forward, Function) or _mentions_cut(forward.node):
        return
    written = list(loop_syntax.writes(forward.node.body))
    methods = [f for f in module.cls.fields.values() if isinstance(f, Function)]
    for write in written:
        call, name = write.value, write.name
        if not name.startswith("self.") or not isinstance(call, cst.Call) or not _gets(call, name):
            continue
        if not _STATE.search(name) or _is_reset(name, write, written):
            continue
        setting = {
            method.name
            for method in methods
            if method.name not in {"__init__", "forward"}
            for other in loop_syntax.writes(method.node.body)
            if other.name == name
        }
        attribute = name.removeprefix("self.")
        code = loop_syntax.mentioned(loop_syntax.in_file(backward.loops)[-1].body)
        touched = {text.rpartition(".")[2] for text in code}
        if not touched & {*setting, attribute}:
            yield CarriedState(anchor(write.node), name, anchor(backward.node), module.cls.name)
