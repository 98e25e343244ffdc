"""How each kind of statement runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.semantics.domain import catalogue, folding, names
from gradhealth_lint.semantics.domain.flow import Flow, merged
from gradhealth_lint.semantics.domain.torch_values import Container, Drawn, Layer, ParameterRef
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame, ListValue
from gradhealth_lint.semantics.python import (
    classes,
    iteration,
    looping,
    matching,
    narrowing,
    options,
    scoping,
)
from gradhealth_lint.semantics.python.scopes import make_function
from gradhealth_lint.semantics.python.targets import assign
from gradhealth_lint.semantics.pytorch import losing, ownership, shaping, updating

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter


#: Comments in the form of a string.
_TEXTS: Final = frozenset({cst.SimpleString, cst.ConcatenatedString})


def execute(interpreter: Interpreter, body: Sequence[cst.CSTNode], frame: Frame) -> Flow:
    """Run statements until control leaves them."""
    for statement in body:
        interpreter.step()
        handler = HANDLERS.get(type(statement))
        if handler is not None:
            flow = handler(interpreter, statement, frame)
            if flow is not Flow.NEXT:
                return flow
    return Flow.NEXT


def _line(interpreter: Interpreter, node: cst.SimpleStatementLine, frame: Frame) -> Flow:
    return execute(interpreter, node.body, frame)


def _expression(interpreter: Interpreter, node: cst.Expr, frame: Frame) -> Flow:
    if node.value.__class__ not in _TEXTS:
        interpreter.discarded = node.value
        updating.discarded(interpreter, node.value)
        losing.discarded(interpreter, node.value, interpreter.evaluate(node.value, frame))
    return Flow.NEXT


def _assign(interpreter: Interpreter, node: cst.Assign, frame: Frame) -> Flow:
    value = interpreter.evaluate(node.value, frame)
    losing.rebound(interpreter, node, value)
    updating.assigned(interpreter, node, frame)
    form = shaping.written(interpreter, node.value, value, frame)
    for target in node.targets:
        assign(interpreter, target.target, value, frame)
        if isinstance(value, ParameterRef) and value.layer.kind in catalogue.EMBEDDINGS:
            _tie(interpreter, target.target, value.layer, node, frame)
        if interpreter.observing:
            ownership.assigned(interpreter, target.target, node.value, value, frame)
            shaping.assigned(interpreter, target.target, form, frame)
    return Flow.NEXT


def _tie(
    interpreter: Interpreter,
    target: cst.BaseExpression,
    table: Layer,
    node: cst.Assign,
    frame: Frame,
) -> None:
    """``head.weight = embedding.weight``."""
    if isinstance(target, cst.Attribute) and target.attr.value == "weight":
        head = interpreter.evaluate(target.value, frame)
        if isinstance(head, Layer) and interpreter.site is None:
            interpreter.tied.append((head, table, node))


def _annotated(interpreter: Interpreter, node: cst.AnnAssign, frame: Frame) -> Flow:
    if node.value is not None:
        assign(interpreter, node.target, interpreter.evaluate(node.value, frame), frame)
    return Flow.NEXT


def _augmented(interpreter: Interpreter, node: cst.AugAssign, frame: Frame) -> Flow:
    from gradhealth_lint.semantics.domain.values import Arguments
    from gradhealth_lint.semantics.python import expressions
    from gradhealth_lint.semantics.pytorch import adding, combining, containers, drawn

    old = interpreter.evaluate(node.target, frame)
    value = interpreter.evaluate(node.value, frame)
    updating.augmented(interpreter, node, old, frame)
    if isinstance(old, ListValue) and isinstance(node.operator, cst.AddAssign):
        more = iteration.iterated(interpreter, value)
        known = more is not None and old.items is not UNKNOWN
        interpreter.activity += 1
        interpreter.store.write(old.fields, "items", (*old.items, *more) if known else UNKNOWN)  # type: ignore[misc]
    elif isinstance(old, Container):
        containers.change(interpreter, old, "__iadd__", Arguments([value], {}))
    elif isinstance(old, ParameterRef):
        interpreter.store.write(old.layer.fields, old.name, UNKNOWN)
    elif (total := combining.accumulated(node.operator, old, value)) is not UNKNOWN:
        assign(interpreter, node.target, total, frame)
    elif isinstance(old, Drawn):
        drawn.augment(interpreter, old, node.operator, value)
    else:
        sides = (old, node.target), (value, node.value)
        result = expressions.combine(interpreter, node.operator, old, value)
        result = adding.combined(node.operator, *sides, result)
        assign(interpreter, node.target, result, frame)
    return Flow.NEXT


def _return(interpreter: Interpreter, node: cst.Return, frame: Frame) -> Flow:
    value = None if node.value is None else interpreter.evaluate(node.value, frame)
    from gradhealth_lint.semantics.pytorch import wiring

    wiring.returned(interpreter, node, value)
    frame.returned.append(value)
    return Flow.RETURN


def _if(interpreter: Interpreter, node: cst.If, frame: Frame) -> Flow:
    known = folding.truth(interpreter.evaluate(node.test, frame))
    chosen = known is not None and options.is_open(interpreter, node, frame, known=known)
    if chosen:
        known = None
    if known is not None and interpreter.loops:
        interpreter.decided.append(node.test)
    if known is True:
        if node.orelse is not None:
            interpreter.skip(node.orelse, node.body)
        return execute(interpreter, node.body.body, frame)
    if known is False:
        interpreter.skip(node.body, node.orelse)
        return _otherwise(interpreter, node.orelse, frame)
    flows: list[Flow] = []
    depth = len(interpreter.conditions)

    def taken() -> bool:
        interpreter.conditions.append((interpreter.at(node), True))
        narrowing.narrow(interpreter, node.test, frame)
        if chosen:
            options.forget(interpreter, node.test, frame)
        flows.append(execute(interpreter, node.body.body, frame))
        del interpreter.conditions[depth:]
        return flows[-1] is Flow.NEXT

    def skipped() -> bool:
        interpreter.conditions.append((interpreter.at(node), False))
        flows.append(_otherwise(interpreter, node.orelse, frame))
        del interpreter.conditions[depth:]
        return flows[-1] is Flow.NEXT

    interpreter.store.branch([taken, skipped])
    for flow, holds in zip(flows, (False, True), strict=True):
        if flow in {Flow.CONTINUE, Flow.RETURN} and Flow.NEXT in flows:
            # What follows runs in the other case only, up to the end of the loop or function.
            interpreter.conditions.append((interpreter.at(node), holds))
    return merged(flows)


def _otherwise(interpreter: Interpreter, node: cst.If | cst.Else | None, frame: Frame) -> Flow:
    if isinstance(node, cst.If):
        return _if(interpreter, node, frame)
    return Flow.NEXT if node is None else execute(interpreter, node.body.body, frame)


def _with(interpreter: Interpreter, node: cst.With, frame: Frame) -> Flow:
    for item in node.items:
        value = interpreter.evaluate(item.item, frame)
        if item.asname is not None:
            assign(interpreter, item.asname.name, value, frame)
    depth = len(interpreter.conditions)
    told = [one.item for one in node.items if names.records_gradients(one.item) is not None]
    if told:
        outer = interpreter.unrecorded, interpreter.gradless
        stopping = names.stops_gradients(told[-1])
        interpreter.unrecorded = told[-1] if stopping else None
        interpreter.gradless = int(stopping)
        flow = execute(interpreter, node.body.body, frame)
        interpreter.unrecorded, interpreter.gradless = outer
        return flow
    if any(_is_accumulating(item.item) for item in node.items):
        interpreter.conditions.append((interpreter.at(node), True))
        flow = execute(interpreter, node.body.body, frame)
        del interpreter.conditions[depth:]
        return flow
    return execute(interpreter, node.body.body, frame)


def _is_accumulating(item: cst.BaseExpression) -> bool:
    """``accelerator.accumulate(model)``: steps inside happen every so many turns."""
    return isinstance(item, cst.Call) and names.dotted(item.func).endswith(".accumulate")


def _try(interpreter: Interpreter, node: cst.Try | cst.TryStar, frame: Frame) -> Flow:
    flow = execute(interpreter, node.body.body, frame)
    if flow is Flow.RAISE and node.handlers:
        flow = execute(interpreter, node.handlers[0].body.body, frame)
    if flow is Flow.NEXT and node.orelse is not None:
        flow = execute(interpreter, node.orelse.body.body, frame)
    if node.finalbody is not None:
        last = execute(interpreter, node.finalbody.body.body, frame)
        flow = flow if last is Flow.NEXT else last
    return flow


def _def(interpreter: Interpreter, node: cst.FunctionDef, frame: Frame) -> Flow:
    function = make_function(interpreter, node, frame, frame.owner)
    interpreter.store.write(frame.fields, node.name.value, function)
    return Flow.NEXT


def _class(interpreter: Interpreter, node: cst.ClassDef, frame: Frame) -> Flow:
    value = classes.define(interpreter, node, frame)
    interpreter.store.write(frame.fields, node.name.value, value)
    return Flow.NEXT


def _leave(flow: Flow) -> Callable[[Interpreter, Any, Frame], Flow]:
    return lambda _, __, ___: flow


HANDLERS: Final[dict[type[cst.CSTNode], Callable[[Interpreter, Any, Frame], Flow]]] = {
    cst.SimpleStatementLine: _line,
    cst.Expr: _expression,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Return: _return,
    cst.If: _if,
    cst.For: looping.run_for,
    cst.While: looping.run_while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Match: matching.run,
    cst.Import: scoping.run_import,
    cst.ImportFrom: scoping.run_import,
    cst.FunctionDef: _def,
    cst.ClassDef: _class,
    cst.Global: scoping.run_scope,
    cst.Nonlocal: scoping.run_scope,
    cst.Del: scoping.run_del,
    cst.Raise: _leave(Flow.RAISE),
    cst.Break: _leave(Flow.BREAK),
    cst.Continue: _leave(Flow.CONTINUE),
}
