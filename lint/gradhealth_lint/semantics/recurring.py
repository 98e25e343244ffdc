"""Recurrences written by hand: a loop over a sequence whose state goes through the same weight.

    for t in range(x.size(1)):
        h = torch.tanh(self.i2h(torch.cat((x[:, t], h), 1)))

The loop may stand in the forward pass, or around a model that is given its last state back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.domain.values import Function, Instance
from gradhealth_lint.semantics.network_facts import HandRecurrence
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch import events, modules
from gradhealth_lint.semantics.state_reading import (
    SAME,
    WEIGHED,
    StateReading,
    is_method,
    statements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs

#: Methods that do without a gradient.
_UNTRAINED: Final = re.compile(r"generat|sampl|infer|beam|greedy|rollout|eval|predict|decode|test")


def hand_recurrences(
    interpreter: Interpreter, runs: Runs, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[HandRecurrence, ...]:
    """Every model of a file that trains that is such a recurrence, or has one in it."""
    if not any(event.kind == events.STEP for run in runs.roots for event in run.events):
        return ()
    found: dict[int, tuple[cst.CSTNode, str, set[str]]] = {}
    instances = [one for one in interpreter.instances if not one.cls.foreign and one.is_module]
    for instance in instances:
        for node, name in (*_inside(instance), *_around(interpreter, instance)):
            holders = {
                other.cls.name
                for other in instances
                if any(one is instance for one in modules.within([other]))
            }
            found.setdefault(id(node), (node, name, set()))[2].update(holders)
    return tuple(
        HandRecurrence(anchor(node), name, tuple(sorted(owners)))
        for node, name, owners in found.values()
    )


def _inside(instance: Instance) -> Iterator[tuple[cst.CSTNode, str]]:
    """The loops of a forward pass, and of the methods it mentions."""
    forward = classes.find(instance.cls, "forward")
    if not is_method(forward):
        return
    methods = [forward]
    for name in dict.fromkeys(walking.names(forward.node.body)):
        method = instance.cls.fields.get(name)
        if is_method(method) and not _UNTRAINED.search(name):
            methods.append(method)
    for method in methods:
        for loop in _loops(method.node):
            for name in _carried(loop):
                reading = StateReading(instance, {name: SAME})
                reading.run(loop.body.body)
                if reading.levels.get(name) == WEIGHED:
                    yield loop, reading.weight
                    break


def _around(interpreter: Interpreter, instance: Instance) -> Iterator[tuple[cst.CSTNode, str]]:
    """Loops that call a model with the state that it gave back a step before."""
    module = interpreter.module.fields
    names = {name for name, value in module.items() if value is instance}
    forward = classes.find(instance.cls, "forward")
    if not names or not is_method(forward):
        return
    functions = [v.node for v in module.values() if isinstance(v, Function)]
    for loop in (loop for function in functions for loop in _loops(function)):
        for line in walking.nodes_within(loop.body, cst.Assign):
            call = line.value
            if isinstance(call, cst.Call) and dotted(call.func) in names:
                fed = _fed_back(instance, forward, line, call)
                if fed:
                    yield loop, fed


def _fed_back(instance: Instance, forward: Function, line: cst.Assign, call: cst.Call) -> str:
    """The weight that the state goes through in ``output, h = model(x[t], h)``, "" if none."""
    targets = _parts(line.targets[0].target)
    parameters = [one.name.value for one in forward.node.params.params[1:]]
    for place, one in enumerate(call.args):
        name = dotted(one.value)
        written = [index for index, t in enumerate(targets) if name and dotted(t) == name]
        if not written or one.keyword is not None or one.star or place >= len(parameters):
            continue
        reading = StateReading(instance, {parameters[place]: SAME})
        reading.run(statements(forward))
        for given in reading.returned:
            items = [e.value for e in given.elements] if isinstance(given, cst.Tuple) else [given]
            if written[0] < len(items) and reading.level(items[written[0]]) == WEIGHED:
                return reading.weight
    return ""


def _loops(function: cst.CSTNode) -> Iterator[cst.For]:
    """The loops over a sequence: what their turn is about stands for one element of it."""
    for loop in walking.nodes_within(function, cst.For):
        counters = set(walking.names(loop.target))
        counts = called(loop.iter) in {"range", "enumerate", "reversed", "trange", "tqdm"}
        indexed = any(
            counters & set(walking.names(part))
            for one in walking.nodes_within(loop.body, cst.Subscript)
            if not _is_own(one.value)
            for part in one.slice
        )
        elements = not counts and not _is_own(loop.iter) and called(loop.iter) != "zip"
        if indexed or (elements and called(loop.iter) in {"unbind", "split", "chunk"}):
            yield loop


def _is_own(node: cst.CSTNode) -> bool:
    """Whether it is an attribute of the model, such as its list of layers."""
    return "self" in set(walking.names(node))


def _parts(target: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What an assignment sets, one by one."""
    if isinstance(target, (cst.Tuple, cst.List)):
        return [element.value for element in target.elements]
    return [target]


def _carried(loop: cst.For) -> list[str]:
    """The names that a turn of the loop sets."""
    found: dict[str, None] = {}
    for line in walking.nodes_within(loop.body, cst.Assign):
        for one in line.targets:
            found |= {part.value: None for part in _parts(one.target) if isinstance(part, cst.Name)}
    return list(found)
