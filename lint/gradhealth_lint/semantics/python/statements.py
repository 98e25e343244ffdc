"""How each kind of statement runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.semantics.domain import folding, names
from gradhealth_lint.semantics.domain.flow import Flow
from gradhealth_lint.semantics.domain.torch_values import Container, ParameterRef
from gradhealth_lint.semantics.domain.values import UNKNOWN, Frame, ListValue
from gradhealth_lint.semantics.python import classes, iteration, looping, narrowing
from gradhealth_lint.semantics.python.scopes import make_function
from gradhealth_lint.semantics.python.targets import assign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter


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
    if not isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString)):
        interpreter.evaluate(node.value, frame)
    return Flow.NEXT


def _assign(interpreter: Interpreter, node: cst.Assign, frame: Frame) -> Flow:
    value = interpreter.evaluate(node.value, frame)
    for target in node.targets:
        assign(interpreter, target.target, value, frame)
    return Flow.NEXT


def _annotated(interpreter: Interpreter, node: cst.AnnAssign, frame: Frame) -> Flow:
    if node.value is not None:
        assign(interpreter, node.target, interpreter.evaluate(node.value, frame), frame)
    return Flow.NEXT


def _augmented(interpreter: Interpreter, node: cst.AugAssign, frame: Frame) -> Flow:
    from gradhealth_lint.semantics.domain.values import Arguments
    from gradhealth_lint.semantics.python import expressions
    from gradhealth_lint.semantics.pytorch import containers

    old = interpreter.evaluate(node.target, frame)
    value = interpreter.evaluate(node.value, frame)
    if isinstance(old, ListValue) and isinstance(node.operator, cst.AddAssign):
        more = iteration.iterated(interpreter, value)
        known = more is not None and old.items is not UNKNOWN
        interpreter.activity += 1
        interpreter.store.write(old.fields, "items", (*old.items, *more) if known else UNKNOWN)  # type: ignore[misc]
    elif isinstance(old, Container):
        containers.change(interpreter, old, "__iadd__", Arguments([value], {}))
    elif isinstance(old, ParameterRef):
        interpreter.store.write(old.layer.fields, old.name, UNKNOWN)
    else:
        result = expressions.combine(interpreter, node.operator, old, value)
        assign(interpreter, node.target, result, frame)
    return Flow.NEXT


def _return(interpreter: Interpreter, node: cst.Return, frame: Frame) -> Flow:
    value = None if node.value is None else interpreter.evaluate(node.value, frame)
    frame.returned.append(value)
    return Flow.RETURN


def _if(interpreter: Interpreter, node: cst.If, frame: Frame) -> Flow:
    known = folding.truth(interpreter.evaluate(node.test, frame))
    if known is True:
        return execute(interpreter, node.body.body, frame)
    if known is False:
        return _otherwise(interpreter, node.orelse, frame)
    flows: list[Flow] = []

    def taken() -> bool:
        narrowing.narrow(interpreter, node.test, frame)
        flows.append(execute(interpreter, node.body.body, frame))
        return flows[-1] is Flow.NEXT

    def skipped() -> bool:
        flows.append(_otherwise(interpreter, node.orelse, frame))
        return flows[-1] is Flow.NEXT

    interpreter.store.branch([taken, skipped])
    return _merged(flows)


def _merged(flows: list[Flow]) -> Flow:
    """Control goes on if any arm lets it; an arm that raises is taken not to be the usual one."""
    if Flow.NEXT in flows:
        return Flow.NEXT
    others = [flow for flow in flows if flow is not Flow.RAISE]
    return others[0] if others else Flow.RAISE


def _otherwise(interpreter: Interpreter, node: cst.If | cst.Else | None, frame: Frame) -> Flow:
    if isinstance(node, cst.If):
        return _if(interpreter, node, frame)
    return Flow.NEXT if node is None else execute(interpreter, node.body.body, frame)


def _with(interpreter: Interpreter, node: cst.With, frame: Frame) -> Flow:
    for item in node.items:
        value = interpreter.evaluate(item.item, frame)
        if item.asname is not None:
            assign(interpreter, item.asname.name, value, frame)
    return execute(interpreter, node.body.body, frame)


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


def _match(interpreter: Interpreter, node: cst.Match, frame: Frame) -> Flow:
    interpreter.evaluate(node.subject, frame)
    flows: list[Flow] = []

    def arm(case: cst.MatchCase) -> Callable[[], bool]:
        def run() -> bool:
            flows.append(execute(interpreter, case.body.body, frame))
            return flows[-1] is Flow.NEXT

        return run

    interpreter.store.branch([arm(case) for case in node.cases])
    return _merged(flows)


def _import(interpreter: Interpreter, node: cst.Import | cst.ImportFrom, frame: Frame) -> Flow:
    for name, value in names.bindings(node):
        interpreter.store.write(frame.fields, name, value)
    module = names.star(node)
    if module is not None:
        frame.stars = (*frame.stars, module)
    return Flow.NEXT


def _def(interpreter: Interpreter, node: cst.FunctionDef, frame: Frame) -> Flow:
    function = make_function(interpreter, node, frame, frame.owner)
    interpreter.store.write(frame.fields, node.name.value, function)
    return Flow.NEXT


def _class(interpreter: Interpreter, node: cst.ClassDef, frame: Frame) -> Flow:
    value = classes.define(interpreter, node, frame)
    interpreter.store.write(frame.fields, node.name.value, value)
    return Flow.NEXT


def _elsewhere(_: Interpreter, node: cst.Global | cst.Nonlocal, frame: Frame) -> Flow:
    for item in node.names:
        scope = frame.parent
        while scope is not None and scope.parent is not None:
            if isinstance(node, cst.Nonlocal) and item.name.value in scope.fields:
                break
            scope = scope.parent
        if scope is not None:
            frame.elsewhere[item.name.value] = scope
    return Flow.NEXT


def _del(interpreter: Interpreter, node: cst.Del, frame: Frame) -> Flow:
    if isinstance(node.target, cst.Name) and node.target.value in frame.fields:
        interpreter.store.write(frame.fields, node.target.value, UNKNOWN)
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
    cst.Match: _match,
    cst.Import: _import,
    cst.ImportFrom: _import,
    cst.FunctionDef: _def,
    cst.ClassDef: _class,
    cst.Global: _elsewhere,
    cst.Nonlocal: _elsewhere,
    cst.Del: _del,
    cst.Raise: _leave(Flow.RAISE),
    cst.Break: _leave(Flow.BREAK),
    cst.Continue: _leave(Flow.CONTINUE),
}
