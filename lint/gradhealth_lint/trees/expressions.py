"""Expressions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.trees.making import UnknownSyntaxError, maker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DEFAULT: Final = cst.MaybeSentinel.DEFAULT
name: Final = maker(cst.Name, "value")
_attribute: Final = maker(cst.Attribute, "value", "attr")
_call: Final = maker(cst.Call, "func", "args")
_arg: Final = maker(cst.Arg, "value", "keyword", "equal", "star")
_integer: Final = maker(cst.Integer, "value")
_float: Final = maker(cst.Float, "value")
_imaginary: Final = maker(cst.Imaginary, "value")
_string: Final = maker(cst.SimpleString, "value")
_ellipsis: Final = maker(cst.Ellipsis)
_binary: Final = maker(cst.BinaryOperation, "left", "operator", "right")
_boolean: Final = maker(cst.BooleanOperation, "left", "operator", "right")
_unary: Final = maker(cst.UnaryOperation, "operator", "expression")
_comparison: Final = maker(cst.Comparison, "left", "comparisons")
_compared: Final = maker(cst.ComparisonTarget, "operator", "comparator")
_lambda: Final = maker(cst.Lambda, "params", "body")
_if: Final = maker(cst.IfExp, "test", "body", "orelse")
_dict: Final = maker(cst.Dict, "elements")
_pair: Final = maker(cst.DictElement, "key", "value")
_spread: Final = maker(cst.StarredDictElement, "value")
_element: Final = maker(cst.Element, "value")
_starred: Final = maker(cst.StarredElement, "value")
_set: Final = maker(cst.Set, "elements")
_list: Final = maker(cst.List, "elements")
_tuple: Final = maker(cst.Tuple, "elements", "lpar", "rpar")
_subscript: Final = maker(cst.Subscript, "value", "slice")
_place: Final = maker(cst.SubscriptElement, "slice")
_index: Final = maker(cst.Index, "value", "star")
_slice: Final = maker(cst.Slice, "lower", "upper", "step")
_list_made: Final = maker(cst.ListComp, "elt", "for_in")
_set_made: Final = maker(cst.SetComp, "elt", "for_in")
_generated: Final = maker(cst.GeneratorExp, "elt", "for_in")
_dict_made: Final = maker(cst.DictComp, "key", "value", "for_in")
_for: Final = maker(cst.CompFor, "target", "iter", "ifs", "inner_for_in", "asynchronous")
_where: Final = maker(cst.CompIf, "test")
_await: Final = maker(cst.Await, "expression")
_yield: Final = maker(cst.Yield, "value")
_from: Final = maker(cst.From, "item")
_named: Final = maker(cst.NamedExpr, "target", "value")
_formatted: Final = maker(cst.FormattedString, "parts")
_shown: Final = maker(cst.FormattedStringExpression, "expression", "conversion", "format_spec")
_text: Final = maker(cst.FormattedStringText, "value")
_parameters: Final = maker(
    cst.Parameters, "params", "star_arg", "kwonly_params", "star_kwarg", "posonly_params"
)
_parameter: Final = maker(cst.Param, "name", "annotation", "equal", "default", "star")
annotation: Final = maker(cst.Annotation, "annotation")

ASYNCHRONOUS: Final = cst.Asynchronous()
_OPENED, _CLOSED = (cst.LeftParen(),), (cst.RightParen(),)
#: As keywords are commonly written; libcst's default has spaces around it.
_EQUAL: Final = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_BARE_STAR: Final = cst.ParamStar()
#: CPython's operators and libcst's; nothing is looked for in them.
_OPERATORS: Final[dict[type[ast.AST], cst.CSTNode]] = {
    ast.Add: cst.Add(), ast.Sub: cst.Subtract(), ast.Mult: cst.Multiply(), ast.Div: cst.Divide(),
    ast.FloorDiv: cst.FloorDivide(), ast.Mod: cst.Modulo(), ast.Pow: cst.Power(),
    ast.MatMult: cst.MatrixMultiply(), ast.LShift: cst.LeftShift(), ast.RShift: cst.RightShift(),
    ast.BitOr: cst.BitOr(), ast.BitAnd: cst.BitAnd(), ast.BitXor: cst.BitXor(),
    ast.And: cst.And(), ast.Or: cst.Or(), ast.Not: cst.Not(), ast.USub: cst.Minus(),
    ast.UAdd: cst.Plus(), ast.Invert: cst.BitInvert(), ast.Eq: cst.Equal(),
    ast.NotEq: cst.NotEqual(), ast.Lt: cst.LessThan(), ast.LtE: cst.LessThanEqual(),
    ast.Gt: cst.GreaterThan(), ast.GtE: cst.GreaterThanEqual(), ast.Is: cst.Is(),
    ast.IsNot: cst.IsNot(), ast.In: cst.In(), ast.NotIn: cst.NotIn(),
}  # fmt: skip
#: How tightly operators bind (The Python Language Reference, 6.17), from the loosest.
_BINDING: Final[dict[type[ast.AST], int]] = {
    ast.NamedExpr: 0, ast.Yield: 0, ast.YieldFrom: 0, ast.Lambda: 1, ast.IfExp: 2, ast.Or: 3,
    ast.And: 4, ast.Not: 5, ast.Compare: 6, ast.BitOr: 8, ast.BitXor: 9, ast.BitAnd: 10,
    ast.LShift: 11, ast.RShift: 11, ast.Add: 12, ast.Sub: 12, ast.Mult: 13, ast.Div: 13,
    ast.FloorDiv: 13, ast.Mod: 13, ast.MatMult: 13, ast.USub: 14, ast.UAdd: 14, ast.Invert: 14,
    ast.Pow: 15, ast.Await: 16,
}  # fmt: skip
_TIGHTEST: Final = 17
_LITERALS: Final[dict[type, Callable[[str], cst.BaseExpression]]] = {
    bool: name, type(None): name, int: _integer, float: _float, complex: _imaginary,
    str: _string, bytes: _string,
}  # fmt: skip


def expression(node: ast.expr) -> cst.BaseExpression:
    """An expression in its place."""
    convert = _CONVERTERS.get(node.__class__)
    if convert is None:
        raise UnknownSyntaxError
    return convert(node)


def _optional(node: ast.expr | None) -> cst.BaseExpression | None:
    return None if node is None else expression(node)


def _name(node: ast.Name) -> cst.BaseExpression:
    return name(node.id)


def _constant(node: ast.Constant) -> cst.BaseExpression:
    value = node.value
    if value is ...:
        return _ellipsis()
    text = repr(value)
    if text.lstrip("-") in {"inf", "infj"}:
        text = text.replace("inf", "1e999")
    return _LITERALS[value.__class__](text)


def _attribute_of(node: ast.Attribute) -> cst.BaseExpression:
    return _attribute(_operand(node.value, _TIGHTEST), name(node.attr))


def _call_of(node: ast.Call) -> cst.BaseExpression:
    return _call(_operand(node.func, _TIGHTEST), arguments(node.args, node.keywords))


def arguments(args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> list[cst.Arg]:
    """What a call is given, in the order of the source."""
    every: Sequence[ast.expr | ast.keyword] = [*args, *keywords]
    if keywords and any(one.__class__ is ast.Starred for one in args):
        every = sorted(every, key=lambda one: (one.lineno, one.col_offset))
    return [_argument(one) for one in every]


def _argument(node: ast.expr | ast.keyword) -> cst.Arg:
    if isinstance(node, ast.keyword):
        if node.arg is None:
            return _arg(expression(node.value), None, _DEFAULT, "**")
        return _arg(expression(node.value), name(node.arg), _EQUAL, "")
    if isinstance(node, ast.Starred):
        return _arg(expression(node.value), None, _DEFAULT, "*")
    return _arg(expression(node), None, _DEFAULT, "")


def operator(node: ast.AST) -> cst.CSTNode:
    """An operator."""
    return _OPERATORS[node.__class__]


def _operand(node: ast.expr, binding: int) -> cst.BaseExpression:
    """An operand of what binds so tightly, in parentheses if it needs them to be read again."""
    made = expression(node)
    if _binding(node) < binding:
        object.__setattr__(made, "lpar", _OPENED)
        object.__setattr__(made, "rpar", _CLOSED)
    return made


def _binding(node: ast.expr) -> int:
    operation = getattr(node, "op", None)
    if operation is not None:
        return _BINDING[operation.__class__]
    return _BINDING.get(node.__class__, _TIGHTEST)


def _binary_of(node: ast.BinOp) -> cst.BaseExpression:
    binding = _BINDING[node.op.__class__]
    left, right = _operand(node.left, binding), _operand(node.right, binding + 1)
    return _binary(left, operator(node.op), right)


def _boolean_of(node: ast.BoolOp) -> cst.BaseExpression:
    binding = _BINDING[node.op.__class__]
    first, *others = node.values
    made = _operand(first, binding)
    for one in others:
        made = _boolean(made, operator(node.op), _operand(one, binding))
    return made


def _unary_of(node: ast.UnaryOp) -> cst.BaseExpression:
    return _unary(operator(node.op), _operand(node.operand, _BINDING[node.op.__class__]))


def _comparison_of(node: ast.Compare) -> cst.BaseExpression:
    binding = _BINDING[ast.Compare] + 1
    pairs = zip(node.ops, node.comparators, strict=True)
    others = [_compared(operator(op), _operand(one, binding)) for op, one in pairs]
    return _comparison(_operand(node.left, binding), others)


def _lambda_of(node: ast.Lambda) -> cst.BaseExpression:
    return _lambda(parameters(node.args), expression(node.body))


def _if_of(node: ast.IfExp) -> cst.BaseExpression:
    return _if(expression(node.test), expression(node.body), expression(node.orelse))


def _dict_of(node: ast.Dict) -> cst.BaseExpression:
    pairs = zip(node.keys, node.values, strict=True)
    return _dict(
        [
            _spread(expression(value)) if key is None else _pair(expression(key), expression(value))
            for key, value in pairs
        ]
    )


def _elements(nodes: Sequence[ast.expr]) -> list[cst.BaseElement]:
    return [
        _starred(expression(one.value))
        if isinstance(one, ast.Starred)
        else _element(expression(one))
        for one in nodes
    ]


def _tuple_of(node: ast.Tuple) -> cst.BaseExpression:
    return _tuple(_elements(node.elts), _OPENED, _CLOSED)


def bare_tuple(nodes: Sequence[ast.expr]) -> cst.BaseExpression:
    """A tuple without parentheses."""
    return _tuple(_elements(nodes), (), ())


def _subscript_of(node: ast.Subscript) -> cst.BaseExpression:
    inside = node.slice
    # ``x[(a, b)]`` is the same to CPython as ``x[a, b]``.
    several = inside.elts if isinstance(inside, ast.Tuple) and inside.elts else [inside]
    return _subscript(_operand(node.value, _TIGHTEST), [_place(_slice_of(one)) for one in several])


def _slice_of(node: ast.expr) -> cst.BaseSlice:
    if isinstance(node, ast.Slice):
        return _slice(_optional(node.lower), _optional(node.upper), _optional(node.step))
    if isinstance(node, ast.Starred):
        return _index(expression(node.value), "*")
    return _index(expression(node), None)


def _for_in(generators: Sequence[ast.comprehension]) -> cst.CompFor:
    inner = None
    for one in reversed(generators):
        inner = _for(
            expression(one.target),
            expression(one.iter),
            [_where(expression(test)) for test in one.ifs],
            inner,
            ASYNCHRONOUS if one.is_async else None,
        )
    if inner is None:
        raise UnknownSyntaxError
    return inner


def _formatted_of(node: ast.JoinedStr) -> cst.BaseExpression:
    return _formatted(_parts(node))


def _parts(node: ast.JoinedStr) -> list[cst.BaseFormattedStringContent]:
    parts: list[cst.BaseFormattedStringContent] = []
    for one in node.values:
        if isinstance(one, ast.FormattedValue):
            spec = one.format_spec
            parts.append(
                _shown(
                    expression(one.value),
                    None if one.conversion < 0 else chr(one.conversion),
                    _parts(spec) if isinstance(spec, ast.JoinedStr) else None,
                )
            )
        elif isinstance(one, ast.Constant):
            parts.append(_text(one.value))
        else:
            raise UnknownSyntaxError
    return parts


def parameters(node: ast.arguments) -> cst.Parameters:
    """What a function takes."""
    places = [*node.posonlyargs, *node.args]
    defaults = [None] * (len(places) - len(node.defaults)) + [*map(_optional, node.defaults)]
    made = [_taken(one, default) for one, default in zip(places, defaults, strict=True)]
    only = [_taken(a, _optional(d)) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    star: object = _BARE_STAR if only else _DEFAULT
    if node.vararg is not None:
        star = _taken(node.vararg, None, "*")
    count = len(node.posonlyargs)
    rest = None if node.kwarg is None else _taken(node.kwarg, None, "**")
    return _parameters(made[count:], star, only, rest, made[:count])


def _taken(node: ast.arg, default: cst.BaseExpression | None, star: str = "") -> cst.Param:
    noted = None if node.annotation is None else annotation(expression(node.annotation))
    equal = _DEFAULT if default is None else _EQUAL
    return _parameter(name(node.arg), noted, equal, default, star)


_CONVERTERS: Final[dict[type[ast.AST], Callable[[Any], cst.BaseExpression]]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute_of,
    ast.Call: _call_of,
    ast.BinOp: _binary_of,
    ast.BoolOp: _boolean_of,
    ast.UnaryOp: _unary_of,
    ast.Compare: _comparison_of,
    ast.Lambda: _lambda_of,
    ast.IfExp: _if_of,
    ast.Dict: _dict_of,
    ast.Set: lambda node: _set(_elements(node.elts)),
    ast.List: lambda node: _list(_elements(node.elts)),
    ast.Tuple: _tuple_of,
    ast.Subscript: _subscript_of,
    ast.ListComp: lambda node: _list_made(expression(node.elt), _for_in(node.generators)),
    ast.SetComp: lambda node: _set_made(expression(node.elt), _for_in(node.generators)),
    ast.GeneratorExp: lambda node: _generated(expression(node.elt), _for_in(node.generators)),
    ast.DictComp: lambda node: _dict_made(
        expression(node.key), expression(node.value), _for_in(node.generators)
    ),
    ast.Await: lambda node: _await(expression(node.value)),
    ast.Yield: lambda node: _yield(_optional(node.value)),
    ast.YieldFrom: lambda node: _yield(_from(expression(node.value))),
    ast.NamedExpr: lambda node: _named(expression(node.target), expression(node.value)),
    ast.JoinedStr: _formatted_of,
}
