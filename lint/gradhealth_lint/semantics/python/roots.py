"""In which order a file is run: the module, then every function and class nothing has called.

Code that nobody calls in the file is called with arguments nobody gives, so that an uncalled
``train(model, loader)`` and an uninstantiated ``Net`` are read as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding
from gradhealth_lint.semantics.domain.graph import INPUT, Node
from gradhealth_lint.semantics.domain.torch_values import Container, InitCall
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Arguments,
    Bound,
    ClassValue,
    DictValue,
    Function,
    Instance,
    ListValue,
    Value,
    tensors_in,
)
from gradhealth_lint.semantics.python import calls, classes
from gradhealth_lint.semantics.python.interpreter import BudgetExceededError
from gradhealth_lint.semantics.pytorch import frameworks, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.events import Event
    from gradhealth_lint.semantics.skipped import Skipped

#: Functions that are a loss by their name, and those that draw what a gradient is to come back by.
_JUDGED: Final = re.compile(r"loss|criterion|reparam", re.I)
_DRAWS: Final = re.compile(r"reparam", re.I)


@dataclass(frozen=True, slots=True)
class Run:
    """One root: what it did, the branches it left out, and whether it could be read to the end."""

    events: tuple[Event, ...]
    skipped: tuple[Skipped, ...]
    complete: bool
    #: The function that was called, None if it is the module.
    function: cst.CSTNode | None = None
    #: The framework that calls it, "" if it is the file's own doing.
    host: str = ""


@dataclass(slots=True)
class Runs:
    """What running a file left behind, besides the interpreter's own records."""

    #: The outputs of each module's forward pass, with the module.
    outputs: list[tuple[Value, list[Node]]] = field(default_factory=list)
    #: Modules some of whose outputs are not known.
    partly: set[int] = field(default_factory=set)
    #: The outputs of each function that is a loss, or draws, by its name.
    judged: list[tuple[str, list[Node]]] = field(default_factory=list)
    #: What training was seen in each root.
    roots: list[Run] = field(default_factory=list)
    #: Roots that took more steps than the file's budget, or recursed too deeply.
    given_up: int = 0


def run(interpreter: Interpreter, tree: cst.Module, *, trace: bool) -> Runs:
    """Run everything in the file once.

    ``trace`` runs forward passes too, which take as long as all the rest. An init with a mean
    has them run in any case: what it does depends on the stack it is in.
    """
    runs = Runs()
    frame = interpreter.module
    frame.fields["__name__"] = "__main__"
    _attempt(interpreter, runs, lambda: interpreter.execute(tree.body, frame))
    defined = list(frame.fields.values())
    for value in defined:
        if isinstance(value, Function):
            _uncalled(interpreter, runs, value, None)
    objects: list[Instance] = []
    # What is defined last is usually made of what is defined first.
    for value in reversed(defined):
        if isinstance(value, ClassValue) and id(value.node) not in interpreter.followed:
            _attempt(interpreter, runs, lambda cls=value: objects.append(_make(interpreter, cls)))  # type: ignore[misc]
    if trace or any(_has_mean(call) for _, _, call in interpreter.inits):
        _trace_all(interpreter, runs)
    for instance in [*interpreter.instances, *interpreter.objects, *objects]:
        if isinstance(instance, Instance) and not instance.cls.foreign:
            for value in list(instance.cls.fields.values()):
                if isinstance(value, Function) and value.kind == "plain":
                    _uncalled(interpreter, runs, value, instance)
    return runs


def _has_mean(call: InitCall) -> bool:
    values = dict(call.arguments)
    if call.name == "uniform_":
        low, high = folding.number(values["a"]), folding.number(values["b"])
        return low is not None and high is not None and low != -high
    return folding.number(values.get("mean", 0.0)) not in {None, 0.0}


def _make(interpreter: Interpreter, cls: ClassValue) -> Value:
    return classes.instantiate(interpreter, cls, Arguments([], {}), cls.node)


def _attempt(
    interpreter: Interpreter,
    runs: Runs,
    action: Callable[[], object],
    function: cst.CSTNode | None = None,
) -> None:
    """Run one root; whatever it cannot finish is not known."""
    first, branches = len(interpreter.events), len(interpreter.skipped)
    complete = True
    try:
        action()
    except (BudgetExceededError, RecursionError):
        interpreter.reset()
        runs.given_up += 1
        complete = False
    interpreter.conditions.clear()
    if len(interpreter.events) > first:
        events, skipped = interpreter.events[first:], interpreter.skipped[branches:]
        runs.roots.append(Run(tuple(events), tuple(skipped), complete, function, interpreter.host))


def _uncalled(
    interpreter: Interpreter, runs: Runs, function: Function, receiver: Instance | None
) -> None:
    if id(function.node) in interpreter.followed:
        return
    if receiver is None:
        given: Value = function
    else:
        given = Bound(function, receiver)
    nothing = Arguments([], {})
    interpreter.host = "" if receiver is None else frameworks.around(receiver.cls, function)
    node, interpreter.assuming = function.node, True
    _attempt(interpreter, runs, lambda: calls.call(interpreter, given, nothing, node), node)
    interpreter.assuming = False
    interpreter.host = ""


def _trace_all(interpreter: Interpreter, runs: Runs) -> None:
    """Run every module forward that is not part of one that has been."""
    interpreter.forwarding = 1
    for instance in list(interpreter.instances):
        if id(instance) not in interpreter.applied and not instance.cls.foreign:
            _trace(interpreter, runs, instance)
    for container in reversed(list(interpreter.containers)):
        abroad = id(container.node) in interpreter.sites
        applied = abroad or id(container) in interpreter.applied
        if not applied and container.kind == "Sequential":
            _trace(interpreter, runs, container)
    for value in list(interpreter.module.fields.values()):
        if isinstance(value, Function) and _JUDGED.search(value.name):
            _judge(interpreter, runs, value)
    for value, receiver in _drawing(interpreter):
        _judge(interpreter, runs, value, receiver)
    interpreter.forwarding = 0


def _drawing(interpreter: Interpreter) -> Iterator[tuple[Function, Instance]]:
    """Methods that draw by the reparametrisation trick, by their names; each once."""
    seen: set[int] = set()
    for instance in list(interpreter.instances):
        for value in [] if instance.cls.foreign else list(instance.cls.fields.values()):
            drawing = isinstance(value, Function) and _DRAWS.search(value.name) is not None
            if drawing and value.kind == "plain" and id(value.node) not in seen:
                seen.add(id(value.node))
                yield value, instance


def _judge(
    interpreter: Interpreter, runs: Runs, function: Function, receiver: Instance | None = None
) -> None:
    """Run a loss, or a draw, on tensors, for what of them it depends on."""
    if not isinstance(function.node, cst.FunctionDef) or function.frame.module.fields is not (
        interpreter.module.fields
    ):
        return
    outputs: list[Node] = []

    def judge() -> None:
        given = inputs(interpreter, function, skipped=0 if receiver is None else 1)
        callee: Value = function if receiver is None else Bound(function, receiver)
        result = calls.call(interpreter, callee, given, function.node)
        outputs.extend(tensors_in([result]))

    observing, interpreter.observing = interpreter.observing, False
    _attempt(interpreter, runs, judge)
    interpreter.observing = observing
    interpreter.forwarding = 1
    if outputs:
        runs.judged.append((function.name, outputs))


def _trace(interpreter: Interpreter, runs: Runs, module: Instance | Container) -> None:
    outputs: list[Node] = []

    def forward() -> None:
        if isinstance(module, Instance):
            found = classes.find(module.cls, "forward")
            arguments = (
                inputs(interpreter, found)
                if isinstance(found, Function)
                else Arguments([interpreter.node(INPUT)], {})
            )
        else:
            arguments = Arguments([interpreter.node(INPUT)], {})
        result = modules.apply(interpreter, module, arguments, module.node)
        outputs.extend(tensors_in([result]))
        if _is_partly_unknown(result):
            runs.partly.add(id(module))

    _attempt(interpreter, runs, forward)
    if outputs:
        runs.outputs.append((module, outputs))


def _is_partly_unknown(result: Value) -> bool:
    if isinstance(result, DictValue):
        pairs = result.items
        result = UNKNOWN if pairs is UNKNOWN else tuple(one for _, one in pairs)
    elif isinstance(result, ListValue):
        result = result.items
    if isinstance(result, tuple):
        return any(_is_partly_unknown(one) for one in result)
    return result is UNKNOWN


def inputs(interpreter: Interpreter, forward: Function, skipped: int = 1) -> Arguments:
    """A tensor for every argument of forward that has no default.

    A default of None says nothing: callers usually pass something. The first ones, which are
    ``skipped``, are given already.
    """
    parameters = forward.node.params
    ordered = (*parameters.posonly_params, *parameters.params)[skipped:]
    positional: list[Value] = []
    for parameter in ordered:
        default = forward.defaults.get(parameter.name.value)
        if parameter.default is None:
            positional.append(interpreter.node(INPUT, label=parameter.name.value))
        else:
            positional.append(UNKNOWN if default is None else default)
    return Arguments(positional, {})
