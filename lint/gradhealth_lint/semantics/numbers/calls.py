"""Calls on numbers: torch's functions, modules, and the file's own functions."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Container, Layer
from gradhealth_lint.semantics.domain.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    Function,
    Instance,
    Qualified,
    Symbol,
)
from gradhealth_lint.semantics.numbers import (
    functions,
    halves,
    layers,
    operations,
    overflowing,
    risking,
    switching,
)
from gradhealth_lint.semantics.numbers.number import LEARNED, Number, made, unknown
from gradhealth_lint.semantics.numbers.scope import Held, Scope, State, attribute, number
from gradhealth_lint.semantics.python import classes
from gradhealth_lint.semantics.pytorch.applying import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

_CUTTING: Final = frozenset({"detach", "item", "numpy", "tolist", "detach_", "size", "argmax"})
_TORCH: Final = re.compile(r"torch\.(nn\.functional\.|linalg\.|special\.|Tensor\.)?(\w+)$")


def evaluate(state: State, node: cst.Call, scope: Scope) -> Held:
    """The value of a call."""
    from gradhealth_lint.semantics.numbers import expressions

    func = node.func
    receiver: Held = None
    callee: Held = None
    if isinstance(func, cst.Attribute):
        receiver = expressions.evaluate(state, func.value, scope)
        if isinstance(receiver, Qualified):
            callee = risking.qualified(f"{receiver.name}.{func.attr.value}")
        elif isinstance(receiver, Instance):
            callee = attribute(receiver, func.attr.value)
    else:
        callee = expressions.evaluate(state, func, scope)
    if isinstance(callee, Qualified) and callee.name == "torch.where" and len(node.args) > 2:  # noqa: PLR2004
        return switching.where(state, node, scope)
    positional: list[Held] = []
    named: dict[str, Held] = {}
    for argument in node.args:
        value = expressions.evaluate(state, argument.value, scope)
        if argument.keyword is not None:
            named[argument.keyword.value] = value
        else:
            positional.append(value)
    if isinstance(callee, Qualified):
        return _imported(state, node, callee.name, positional, named)
    if isinstance(callee, (Function, Bound, Layer, Container, Instance, ClassValue)):
        result = apply(state, callee, receiver, positional, named, node)
        return halves.applied(state, callee, result)
    if isinstance(func, cst.Attribute) and isinstance(receiver, (Number, tuple)):
        return _method(state, node, func, number(receiver), positional, named, scope)
    found = halves.model(state, dotted(func).rpartition(".")[2], receiver, node.args)
    if found is not None:
        return found
    return halves.applied(state, callee, _unread(state, node, receiver, positional, named))


def _unread(
    state: State, node: cst.Call, receiver: Held, positional: list[Held], named: dict[str, Held]
) -> Number:
    name = dotted(node.func).rpartition(".")[2]
    given = [number(one) for one in (*positional, *named.values())]
    if name in {"backward", "manual_backward"}:
        for one in given:
            state.confirm(one)
    result = unknown(*given) if receiver is None else unknown(number(receiver), *given)
    of_model = isinstance(receiver, Symbol) and MODEL.search(receiver.name)
    if (of_model or MODEL.search(name)) and not state.gradless:
        return replace(result, learns=LEARNED)
    return result


def _imported(
    state: State, node: cst.Call, name: str, positional: list[Held], named: dict[str, Held]
) -> Held:
    given = [number(one) for one in positional]
    keywords = {key: number(one) for key, one in named.items()}
    if name in {"builtins.sum", "builtins.max", "builtins.abs"}:
        return operations.apply(name.removeprefix("builtins."), given, keywords) or unknown(*given)
    found = _TORCH.match(name)
    if found is None:
        if name.startswith("torch.nn.") and name.rpartition(".")[2][:1].isupper():
            containers = state.interpreter.containers
            known = next((one for one in containers if one.node is node), None)
            return known or Layer(name.rpartition(".")[2], dict(named), node, ())
        if name == "torch.autograd.grad":
            for one in given[:1]:
                state.confirm(one)
            return Number(LEARNED, risks=given[0].risks if given else frozenset())
        halves.optimizer(state, node, name, given, keywords)
        outside = name.startswith(("math.", "numpy.", "builtins.float", "builtins.int"))
        return Number() if outside else unknown(*given, *keywords.values())
    return _torch(state, node, found.group(2), positional, named)


def _torch(
    state: State,
    node: cst.Call,
    name: str,
    positional: list[Held],
    named: dict[str, Held],
    receiver: tuple[Number, cst.CSTNode] | None = None,
) -> Held:
    given = [number(one) for one in positional]
    keywords = {key: number(one) for key, one in named.items()}
    source: cst.CSTNode = node.args[0].value if node.args else node
    if receiver is not None:
        given, source = [receiver[0], *given], receiver[1]
    elif "input" in keywords:
        given = [keywords.pop("input"), *given]
    if not given:
        return Number()
    if name == "pow":
        exponent = given[1] if len(given) > 1 else keywords.get("exponent", Number())
        return risking.raised(state, node, (given[0], source), exponent)
    if name in {"div", "divide", "true_divide"} and len(given) > 1:
        return risking.divided(state, node, (given[0], source), (given[1], node.args[-1].value))
    if name == "reciprocal":
        return risking.raised(state, node, (given[0], source), Number(known=True, low=-1, high=-1))
    result = operations.apply(name, given, keywords) or unknown(*given, *keywords.values())
    if name in {"exp", "exp_"}:
        result = replace(result, kind=overflowing.exponential(given[0], source))
    operation = risking.OPERATIONS.get(name)
    if operation is not None:
        operand = given[0]
        if operation == "hypot":
            operand = made(0.0, math.inf, *given)
        more = risking.risky(state, node, operation, operand, source)
        if operation in {"log", "log1p"}:
            more |= overflowing.logarithm(state, node, operation, operand)
        result = replace(result, risks=result.risks | more)
    if name == "add" and len(given) > 1:
        result = replace(result, risks=result.risks | halves.added(state, node, *given[:2]))
    lost = halves.clamped(state, node, name, given[0], [*given[1:], *keywords.values()])
    result = replace(result, risks=result.risks | lost)
    return halves.computed(state, name, result.cut() if state.gradless else result)


def _method(
    state: State,
    node: cst.Call,
    func: cst.Attribute,
    receiver: Number,
    positional: list[Held],
    named: dict[str, Held],
    scope: Scope,
) -> Held:
    name = func.attr.value
    if name in _CUTTING:
        return receiver.cut()
    if name == "backward":
        state.confirm(receiver)
        for one in positional:
            state.confirm(one)
        return Number()
    if name in {"append", "extend"} and isinstance(func.value, cst.Name):
        scope.names[func.value.value] = unknown(receiver, *(number(one) for one in positional))
        return Number()
    cast = halves.cast(name, receiver, node.args)
    if cast is not None:
        return cast
    if name == "where" and node.args:
        return unknown(receiver, *(number(one) for one in positional))
    result = _torch(state, node, name, positional, named, (receiver, func.value))
    if name.endswith("_") and isinstance(func.value, cst.Name) and isinstance(result, Number):
        scope.names[func.value.value] = result
    return result


def apply(
    state: State,
    callee: Held,
    receiver: Held,
    positional: Sequence[Held],
    named: dict[str, Held],
    node: cst.Call,
) -> Held:
    """``callee(...)`` of a module or of a function of the file."""
    given = [number(one) for one in (*positional, *named.values())]
    if isinstance(callee, ClassValue):
        made_here = (one for one in state.interpreter.instances if one.cls is callee)
        return next(made_here, Number())
    if isinstance(callee, (Function, Bound)):
        function = callee.function if isinstance(callee, Bound) else callee
        bound = callee.receiver if isinstance(callee, Bound) else None
        method = bound is None and function.kind not in {"staticmethod"} and function.owner
        if method and isinstance(receiver, Instance):
            bound = receiver
        return functions.follow(state, function, bound, positional, named)
    if isinstance(callee, Instance):
        forward = classes.find(callee.cls, "forward")
        if not (callee.is_module and isinstance(forward, Function)):
            return unknown(*given)
        with halves.weights(state, callee):
            return functions.follow(state, forward, callee, positional, named)
    if isinstance(callee, Container):
        pairs = callee.fields["items"]
        if callee.kind != "Sequential" or pairs is UNKNOWN:
            return Number(LEARNED, risks=unknown(*given).risks)
        value: Held = positional[0] if positional else Number()
        for _, one in pairs:
            value = apply(state, one, None, [value], {}, node)
        return value
    if isinstance(callee, Layer):
        return layers.apply(state, callee, given)
    return _symbolic(state, callee, given)


def _symbolic(state: State, callee: Held, given: list[Number]) -> Number:
    is_model = isinstance(callee, Symbol) and MODEL.search(callee.name)
    result = unknown(*given)
    return replace(result, learns=LEARNED) if is_model and not state.gradless else result
