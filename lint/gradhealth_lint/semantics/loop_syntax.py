"""What the body of a loop writes, as its text says: names, what they are made of, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import libcst as cst

from gradhealth_lint.semantics.domain import names, walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.values import ClassValue, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.pytorch.events import Event

Loop: TypeAlias = "cst.For | cst.While"
_INNER: Final = frozenset({cst.FunctionDef, cst.ClassDef, cst.Lambda})
_WRITING: Final = frozenset(
    {cst.With, cst.For, cst.If, cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Call}
)


@dataclass(frozen=True, eq=False, slots=True)
class Write:
    """One name that a statement sets, adds to or appends to.

    ``form`` is "set", "add" or "append"; ``gradless`` says that it happens under ``no_grad``,
    ``first`` that it happens only where the name held None.
    """

    name: str
    form: str
    node: cst.CSTNode
    value: cst.BaseExpression
    gradless: bool = False
    first: bool = False


def writes(body: cst.CSTNode, *, gradless: bool = False, first: bool = False) -> Iterator[Write]:
    """Everything that code sets, in order, without functions defined in it."""
    kind = body.__class__
    if kind in _INNER:
        return
    if kind not in _WRITING:
        for child in walking.children(body):
            yield from writes(child, gradless=gradless, first=first)
        return
    if isinstance(body, cst.With):
        gradless = gradless or any(names.stops_gradients(item.item) for item in body.items)
    if isinstance(body, cst.For):
        for name in _targets(body.target):
            yield Write(name, "set", body, body.iter, gradless)
    elif isinstance(body, cst.If):
        again = first or _asks_for_none(body.test)
        yield from writes(body.body, gradless=gradless, first=again)
        if body.orelse is not None:
            yield from writes(body.orelse, gradless=gradless, first=first)
        return
    elif isinstance(body, (cst.Assign, cst.AnnAssign)):
        targets = (
            [t.target for t in body.targets] if isinstance(body, cst.Assign) else [body.target]
        )
        for target in targets if body.value is not None else ():
            for name in _targets(target):
                yield Write(name, "set", body, body.value, gradless, first)  # type: ignore[arg-type]
        return
    elif isinstance(body, cst.AugAssign):
        for name in _targets(body.target):
            yield Write(name, "add", body, body.value, gradless, first)
        return
    elif isinstance(body, cst.Call):
        func = body.func
        if isinstance(func, cst.Attribute) and func.attr.value == "append" and len(body.args) == 1:
            for name in _targets(func.value):
                yield Write(name, "append", body, body.args[0].value, gradless, first)
    for child in walking.children(body):
        yield from writes(child, gradless=gradless, first=first)


def feeding(wanted: set[str], written: Sequence[Write]) -> set[str]:
    """The names that what is wanted is computed from, itself included."""
    found = set(wanted)
    while True:
        more = {
            name
            for write in written
            if write.name in found and not isinstance(write.node, (cst.For,))
            for name in mentioned(write.value)
        }
        if more <= found:
            return found
        found |= more


def mentioned(node: cst.CSTNode) -> set[str]:
    """Every name in an expression, with what it is an attribute of: ``a.b`` and ``a``."""
    found = set()
    for inner in walking.within(node):
        if isinstance(inner, (cst.Name, cst.Attribute)):
            text = dotted(inner)
            if text:
                found.add(text)
        elif isinstance(inner, cst.Subscript):
            text = dotted(inner.value)
            if text:
                found.add(f"{text}[]")
    return found


def started(event: Event) -> set[str]:
    """The names that a backward pass starts at: ``loss`` of ``scaler.scale(loss).backward()``."""
    node = event.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return {event.text} if event.text else set()
    found = mentioned(node.func.value)
    if event.framework or dotted(node.func.value).endswith("autograd"):
        for argument in node.args:
            if argument.keyword is None:
                found |= mentioned(argument.value)
    return found | ({event.text} if event.text else set())


def told(value: cst.BaseExpression, name: str) -> cst.BaseExpression | None:
    """The variable of that name in an expression, or the expression if it is a call."""
    if name.endswith("(...)"):
        return value
    for one in walking.within(value):
        if isinstance(one, (cst.Name, cst.Attribute)) and dotted(one) == name:
            return one
    return None


def in_file(loops: Iterable[cst.CSTNode]) -> list[Loop]:
    """Those of the loops around something that stand in this file, outermost first."""
    return [loop for loop in loops if isinstance(loop, (cst.For, cst.While))]


def counts_up(test: cst.Comparison, loop: Loop) -> bool:
    """``count == 4`` of something that each turn adds one to."""
    name = dotted(test.left)
    operators = (cst.Equal, cst.GreaterThanEqual)
    if not name or not isinstance(test.comparisons[0].operator, operators):
        return False
    written = [write for write in writes(loop.body) if write.name == name]
    return {"add", "set"} <= {write.form for write in written} and all(
        isinstance(write.value, cst.Integer) for write in written
    )


def is_counting(test: cst.BaseExpression, loop: Loop) -> bool:
    """Whether a test holds every so many turns: ``i % 4 == 0``, a count, a variable of these."""
    for one in walking.within(test):
        if isinstance(one, cst.BinaryOperation) and isinstance(one.operator, cst.Modulo):
            return True
        if isinstance(one, cst.Comparison) and counts_up(one, loop):
            return True
    if not isinstance(test, cst.Name):
        return False
    made = [write.value for write in writes(loop.body) if write.name == test.value]
    return len(made) == 1 and not isinstance(made[0], cst.Name) and is_counting(made[0], loop)


def functions(interpreter: Interpreter) -> Iterator[Function]:
    """Every function and method that is defined in the file."""
    for value in list(interpreter.module.fields.values()):
        if isinstance(value, Function):
            yield value
        elif isinstance(value, ClassValue) and not value.foreign:
            yield from (f for f in value.fields.values() if isinstance(f, Function))


def _targets(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, (cst.Tuple, cst.List)):
        for element in node.elements:
            yield from _targets(element.value)
    elif isinstance(node, cst.Subscript):
        text = dotted(node.value)
        if text:
            yield f"{text}[]"
    elif isinstance(node, (cst.Name, cst.Attribute)):
        text = dotted(node)
        if text:
            yield text


def _asks_for_none(test: cst.BaseExpression) -> bool:
    """``x is None`` or ``not x``."""
    if isinstance(test, cst.UnaryOperation):
        return isinstance(test.operator, cst.Not)
    return isinstance(test, cst.Comparison) and any(
        isinstance(target.operator, cst.Is) for target in test.comparisons
    )
