"""Running a function of the file on numbers: its arguments, and its statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted, stops_gradients
from gradhealth_lint.semantics.domain.values import MISSING, UNKNOWN
from gradhealth_lint.semantics.numbers import expressions, halves, narrowing
from gradhealth_lint.semantics.numbers.number import unknown
from gradhealth_lint.semantics.numbers.scope import DEEPEST, Held, Scope, State, held, number
from gradhealth_lint.semantics.python.scopes import make_function

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradhealth_lint.semantics.domain.values import Function


def follow(
    state: State,
    function: Function,
    receiver: Held,
    given: Sequence[Held],
    named: Mapping[str, Held],
) -> Held:
    """The result of a call."""
    node = function.node
    everything = unknown(*(number(one) for one in (*given, *named.values())))
    if node in state.running or len(state.running) >= DEEPEST:
        return everything
    positional = list(given) if receiver is None else [receiver, *given]
    names = _bound(function, positional, named)
    scope = Scope(function.frame, names, receiver)
    if state.running and any(number(one).known and number(one).learns for one in given):
        state.met.add(id(node))
    if isinstance(node, cst.Lambda):
        return expressions.evaluate(state, node.body, scope)
    gradless = any(stops_gradients(one.decorator) for one in node.decorators)
    casts = sum(halves.casts(state, one.decorator) for one in node.decorators)
    state.running.append(node)
    state.gradless += gradless
    state.casts += casts
    run(state, node.body.body, scope)
    state.casts -= casts
    state.gradless -= gradless
    state.running.pop()
    result = returned(scope)
    return number(result).cut() if gradless else result


def returned(scope: Scope) -> Held:
    """One of the results of a function that has run."""
    result: Held = None
    for one in scope.returned:
        result = expressions.merged(result, one)
    return result


def _bound(
    function: Function, positional: list[Held], named: Mapping[str, Held]
) -> dict[str, Held]:
    parameters = function.node.params
    names: dict[str, Held] = {}
    ordered = (*parameters.posonly_params, *parameters.params)
    for index, parameter in enumerate((*ordered, *parameters.kwonly_params)):
        name = parameter.name.value
        if index < len(positional) and index < len(ordered):
            names[name] = positional[index]
        elif name in named:
            names[name] = named[name]
        else:
            names[name] = held(function.defaults.get(name, UNKNOWN), name)
    return names


def run(state: State, body: Sequence[cst.CSTNode], scope: Scope) -> bool:
    """Run statements in order; whether control goes on after them."""
    for statement in body:
        state.step()
        inner = statement.body if isinstance(statement, cst.SimpleStatementLine) else (statement,)
        for one in inner:
            handler = _HANDLERS.get(type(one))
            if handler is not None and handler(state, one, scope) is False:
                return False
    return True


def _assign(state: State, node: cst.Assign | cst.AnnAssign, scope: Scope) -> None:
    if node.value is None:
        return
    value = expressions.evaluate(state, node.value, scope)
    targets = [node.target] if isinstance(node, cst.AnnAssign) else [t.target for t in node.targets]
    for target in targets:
        _bind(scope, target, value, node.value)


def _bind(scope: Scope, target: cst.CSTNode, value: Held, source: cst.BaseExpression) -> None:
    if isinstance(target, (cst.Tuple, cst.List)):
        parts = target.elements
        several = value if isinstance(value, tuple) and len(value) == len(parts) else None
        for index, part in enumerate(parts):
            inner = number(value).part() if several is None else several[index]
            _bind(scope, part.value, inner, source)
        return
    if isinstance(target, cst.Subscript):
        name = dotted(target.value)
        if name in scope.names:
            scope.names[name] = unknown(number(scope.names[name]), number(value))
        scope.names[cst.Module([]).code_for_node(target)] = value
        scope.indexed = True
        return
    name = dotted(target) if isinstance(target, (cst.Name, cst.Attribute)) else ""
    if name:
        scope.names[name] = value
        scope.definitions[name] = source


def _augment(state: State, node: cst.AugAssign, scope: Scope) -> None:
    left, right = (
        expressions.evaluate(state, node.target, scope),
        expressions.evaluate(state, node.value, scope),
    )
    value = expressions.combine(
        state, node, node.operator, (left, node.target), (right, node.value)
    )
    _bind(scope, node.target, value, node.value)


def _expression(state: State, node: cst.Expr, scope: Scope) -> None:
    expressions.evaluate(state, node.value, scope)


def _return(state: State, node: cst.Return, scope: Scope) -> bool:
    if node.value is not None:
        scope.returned.append(expressions.evaluate(state, node.value, scope))
    return False


def _leave(_: State, __: cst.CSTNode, ___: Scope) -> bool:
    return False


def _if(state: State, node: cst.If, scope: Scope) -> bool:
    expressions.evaluate(state, node.test, scope)
    narrowing.narrow(node.test, scope)
    before = dict(scope.names)
    goes_on = run(state, node.body.body, scope)
    after = dict(scope.names)
    scope.names = before
    otherwise = True
    if isinstance(node.orelse, cst.If):
        otherwise = _if(state, node.orelse, scope)
    elif node.orelse is not None:
        otherwise = run(state, node.orelse.body.body, scope)
    if goes_on and otherwise:
        _join(scope, after)
    elif goes_on:
        scope.names = after
    return goes_on or otherwise


def _join(scope: Scope, other: dict[str, Held]) -> None:
    for name, value in other.items():
        mine = scope.names.get(name, MISSING)
        scope.names[name] = (
            value if mine is MISSING or mine is value else expressions.merged(mine, value)
        )


def _loop(state: State, node: cst.For | cst.While, scope: Scope) -> None:
    if isinstance(node, cst.For):
        source = expressions.evaluate(state, node.iter, scope)
        for name in expressions.bound_names(node.target):
            scope.names[name] = number(source).unknown()
    else:
        expressions.evaluate(state, node.test, scope)
    before = dict(scope.names)
    run(state, node.body.body, scope)
    _join(scope, before)


def _with(state: State, node: cst.With, scope: Scope) -> bool:
    gradless = sum(stops_gradients(one.item) for one in node.items)
    for one in node.items:
        value = expressions.evaluate(state, one.item, scope)
        for name in expressions.bound_names(one.asname.name) if one.asname is not None else ():
            scope.names[name] = value
    casts = sum(halves.casts(state, one.item) for one in node.items)
    state.gradless += gradless
    state.casts += casts
    goes_on = run(state, node.body.body, scope)
    state.casts -= casts
    state.gradless -= gradless
    return goes_on


def _try(state: State, node: cst.Try, scope: Scope) -> bool:
    goes_on = run(state, node.body.body, scope)
    for handler in node.handlers:
        run(state, handler.body.body, scope)
    if node.finalbody is not None:
        run(state, node.finalbody.body.body, scope)
    return goes_on


def _assert(state: State, node: cst.Assert, scope: Scope) -> None:
    narrowing.narrow(node.test, scope)


def _define(state: State, node: cst.FunctionDef, scope: Scope) -> None:
    made = make_function(state.interpreter, node, scope.outside, None)
    scope.names[node.name.value] = made


_HANDLERS: Final[dict[type[cst.CSTNode], Callable[..., bool | None]]] = {
    cst.Assign: _assign,
    cst.AnnAssign: _assign,
    cst.AugAssign: _augment,
    cst.Expr: _expression,
    cst.Return: _return,
    cst.Raise: _leave,
    cst.Break: _leave,
    cst.Continue: _leave,
    cst.If: _if,
    cst.For: _loop,
    cst.While: _loop,
    cst.With: _with,
    cst.Try: _try,
    cst.Assert: _assert,
    cst.FunctionDef: _define,
}
