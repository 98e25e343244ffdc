"""How each kind of expression is evaluated."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.semantics.domain import comparing, folding
from gradhealth_lint.semantics.domain.graph import Node
from gradhealth_lint.semantics.domain.store import join
from gradhealth_lint.semantics.domain.torch_values import Drawn, Product
from gradhealth_lint.semantics.domain.values import (
    MISSING,
    UNKNOWN,
    Composed,
    DictValue,
    Frame,
    Method,
    Value,
    is_constant,
    new_dict,
    new_list,
)
from gradhealth_lint.semantics.python import attributes, calls, iteration, subscripts
from gradhealth_lint.semantics.python.comprehensions import comprehension, dict_comprehension
from gradhealth_lint.semantics.python.scopes import look_up, make_lambda
from gradhealth_lint.semantics.python.targets import assign
from gradhealth_lint.semantics.pytorch import (
    adding,
    combining,
    cutting,
    drawn,
    leaves,
    products,
    severing,
    tensors,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.python.interpreter import Interpreter

    Handler = Callable[[Interpreter, Any, Frame], Value]


def _name(interpreter: Interpreter, node: cst.Name, frame: Frame) -> Value:
    value = look_up(node.value, frame)
    if value is UNKNOWN and interpreter.project is not None:
        for star in reversed(frame.module.stars):
            found = interpreter.project.find(f"{star}.{node.value}")
            if found is not MISSING:
                return found
    return value


def _integer(_: Interpreter, node: cst.Integer, __: Frame) -> Value:
    # Not node.evaluated_value: that compiles the literal, 20 times slower.
    try:
        return int(node.value, 0)
    except ValueError:  # more digits than Python converts
        return UNKNOWN


def _float(_: Interpreter, node: cst.Float, __: Frame) -> Value:
    return float(node.value)


def _string(_: Interpreter, node: cst.SimpleString, __: Frame) -> Value:
    text = node.value
    raw = text[0] in "rR"
    bare = text[1:] if raw else text
    if bare[0] in "\"'" and (raw or "\\" not in text):
        quotes = 3 if bare[:3] in {'"""', "'''"} else 1
        return Composed(bare[quotes:-quotes]) if raw else bare[quotes:-quotes]
    return _escaped(text)


@lru_cache(maxsize=4096)
def _escaped(text: str) -> Value:
    """A literal that has to be compiled to be read; most are a line's end among a few words."""
    value = cst.SimpleString(text).evaluated_value
    # An escape hides a name from the screen.
    return Composed(value) if isinstance(value, str) else UNKNOWN


def _concatenated(interpreter: Interpreter, node: cst.ConcatenatedString, frame: Frame) -> Value:
    parts = [interpreter.evaluate(part, frame) for part in (node.left, node.right)]
    if all(isinstance(part, str) for part in parts):
        return Composed("".join(parts))
    return UNKNOWN


def _formatted(interpreter: Interpreter, node: cst.FormattedString, frame: Frame) -> Value:
    text = ""
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            text += part.value
        elif isinstance(part, cst.FormattedStringExpression):
            value = folding.resolved(interpreter.evaluate(part.expression, frame))
            if not is_constant(value) or part.format_spec or part.conversion:
                return UNKNOWN
            text += str(value)
    return Composed(text)


def _tuple(interpreter: Interpreter, node: cst.Tuple, frame: Frame) -> Value:
    items = elements(interpreter, node.elements, frame)
    return UNKNOWN if items is None else items


def _list(interpreter: Interpreter, node: cst.List | cst.Set, frame: Frame) -> Value:
    items = elements(interpreter, node.elements, frame)
    return new_list(UNKNOWN if items is None else items)


def elements(
    interpreter: Interpreter, nodes: Sequence[cst.BaseElement], frame: Frame
) -> tuple[Value, ...] | None:
    """The values of a display, stars unpacked; None if one of those is not known."""
    items: list[Value] = []
    known = True
    for element in nodes:
        value = interpreter.evaluate(element.value, frame)
        if isinstance(element, cst.StarredElement):
            more = iteration.iterated(interpreter, value)
            known = known and more is not None
            items.extend(more or ())
        else:
            items.append(value)
    return tuple(items) if known else None


def _dict(interpreter: Interpreter, node: cst.Dict, frame: Frame) -> Value:
    pairs: list[tuple[Value, Value]] = []
    known = True
    for element in node.elements:
        value = interpreter.evaluate(element.value, frame)
        if isinstance(element, cst.DictElement):
            pairs.append((interpreter.evaluate(element.key, frame), value))
        elif isinstance(value, DictValue) and value.items is not UNKNOWN:
            pairs.extend(value.items)
        else:
            known = False
    return new_dict(pairs if known else UNKNOWN)


def _attribute(interpreter: Interpreter, node: cst.Attribute, frame: Frame) -> Value:
    receiver = interpreter.evaluate(node.value, frame)
    value = attributes.get(interpreter, receiver, node.attr.value)
    value = leaves.attribute(interpreter, receiver, node.attr.value, value)
    if value is UNKNOWN:
        return cutting.attribute(interpreter, node, receiver)
    if isinstance(value, Method) and isinstance(value.receiver, Node):
        # Not called: a part of an output, such as the values of a maximum.
        return tensors.opaque(interpreter, value.name, [value.receiver])
    severing.attribute(interpreter, node, receiver, value)
    return value


def _subscript(interpreter: Interpreter, node: cst.Subscript, frame: Frame) -> Value:
    return subscripts.get(interpreter, node, frame)


def _binary(interpreter: Interpreter, node: cst.BinaryOperation, frame: Frame) -> Value:
    left = interpreter.evaluate(node.left, frame)
    right = interpreter.evaluate(node.right, frame)
    if left is UNKNOWN and right is UNKNOWN:
        return UNKNOWN  # as most are
    result = combining.accumulated(node.operator, left, right)
    if result is UNKNOWN:
        result = combine(interpreter, node.operator, left, right)
    result = leaves.combined(interpreter, left, right, result)
    if result is UNKNOWN:
        result = combining.combined(interpreter, (left, node.left), (right, node.right))
    return adding.combined(node.operator, (left, node.left), (right, node.right), result)


def combine(interpreter: Interpreter, op: cst.CSTNode, left: Value, right: Value) -> Value:
    """``left op right`` for tensors and others."""
    product = products.product(interpreter, type(op).__name__, (left, right))
    if product is not MISSING:
        return product
    if isinstance(left, Node) or isinstance(right, Node):
        return tensors.combine(interpreter, op, left, right)
    if isinstance(left, (Drawn, Product)) or isinstance(right, (Drawn, Product)):
        return drawn.combine(interpreter, op, left, right)
    result = folding.binary(op, left, right)
    return combining.joined(left, right) if result is UNKNOWN else result


def _unary(interpreter: Interpreter, node: cst.UnaryOperation, frame: Frame) -> Value:
    value = interpreter.evaluate(node.expression, frame)
    if isinstance(value, Node):
        return (
            UNKNOWN
            if isinstance(node.operator, cst.Not)
            else tensors.opaque(interpreter, "negation", [value])
        )
    result = folding.unary(node.operator, value)
    result = leaves.combined(interpreter, value, value, result)
    return cutting.derived(value) if result is UNKNOWN else result


def _boolean(interpreter: Interpreter, node: cst.BooleanOperation, frame: Frame) -> Value:
    left = interpreter.evaluate(node.left, frame)
    known = folding.truth(left)
    wanted = isinstance(node.operator, cst.Or)
    if known is not None and known == wanted:
        return left
    right = interpreter.evaluate(node.right, frame)
    if known is not None:
        return right
    decided = folding.truth(right)
    if is_constant(right) and decided is not None and not wanted and not decided:
        return False  # "unknown and False"
    return join(left, right)


def _comparison(interpreter: Interpreter, node: cst.Comparison, frame: Frame) -> Value:
    left = interpreter.evaluate(node.left, frame)
    outcome: Value = True
    sides = [left]
    for target in node.comparisons:
        right = interpreter.evaluate(target.comparator, frame)
        answer = comparing.compare(target.operator, left, right)
        if answer is False:
            return False
        outcome = answer if answer is UNKNOWN else outcome
        sides.append(right)
        left = right
    if outcome is not UNKNOWN:
        return outcome
    inside = severing.compared(interpreter, node, sides)
    return cutting.compared(interpreter, node, sides) if inside is UNKNOWN else inside


def _conditional(interpreter: Interpreter, node: cst.IfExp, frame: Frame) -> Value:
    known = folding.truth(interpreter.evaluate(node.test, frame))
    if known is not None:
        return interpreter.evaluate(node.body if known else node.orelse, frame)
    return join(interpreter.evaluate(node.body, frame), interpreter.evaluate(node.orelse, frame))


def _named(interpreter: Interpreter, node: cst.NamedExpr, frame: Frame) -> Value:
    value = interpreter.evaluate(node.value, frame)
    scope = frame
    while scope.is_comprehension and scope.parent is not None:
        scope = scope.parent
    assign(interpreter, node.target, value, scope)
    return value


def _yield(interpreter: Interpreter, node: cst.Yield, frame: Frame) -> Value:
    if isinstance(node.value, cst.From):
        more = iteration.iterated(interpreter, interpreter.evaluate(node.value.item, frame))
        frame.yielded = [*(frame.yielded or []), *(more or (UNKNOWN,))]
    elif node.value is not None:
        value = interpreter.evaluate(node.value, frame)
        frame.yielded = [*(frame.yielded or []), value]
    return UNKNOWN


def _await(interpreter: Interpreter, node: cst.Await, frame: Frame) -> Value:
    return interpreter.evaluate(node.expression, frame)


HANDLERS: Final[dict[type[cst.CSTNode], Handler]] = {
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Call: calls.evaluate,
    cst.Integer: _integer,
    cst.Float: _float,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Tuple: _tuple,
    cst.List: _list,
    cst.Set: _list,
    cst.Dict: _dict,
    cst.Subscript: _subscript,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Lambda: make_lambda,
    cst.ListComp: comprehension,
    cst.SetComp: comprehension,
    cst.GeneratorExp: comprehension,
    cst.DictComp: dict_comprehension,
    cst.NamedExpr: _named,
    cst.Yield: _yield,
    cst.Await: _await,
}
