"""Statements."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

import libcst as cst

from gradhealth_lint.trees.expressions import (
    ASYNCHRONOUS,
    annotation,
    arguments,
    bare_tuple,
    expression,
    name,
    parameters,
)
from gradhealth_lint.trees.making import UnknownSyntaxError, maker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    _Asynchronous = cst.Asynchronous | None

_module: Final = maker(cst.Module, "body")
_line: Final = maker(cst.SimpleStatementLine, "body")
_block: Final = maker(cst.IndentedBlock, "body")
_expr: Final = maker(cst.Expr, "value")
_assign: Final = maker(cst.Assign, "targets", "value")
_target: Final = maker(cst.AssignTarget, "target")
_update: Final = maker(cst.AugAssign, "target", "operator", "value")
_annotated: Final = maker(cst.AnnAssign, "target", "annotation", "value")
_return: Final = maker(cst.Return, "value")
_raise: Final = maker(cst.Raise, "exc", "cause")
_from: Final = maker(cst.From, "item")
_delete: Final = maker(cst.Del, "target")
_global: Final = maker(cst.Global, "names")
_nonlocal: Final = maker(cst.Nonlocal, "names")
_item: Final = maker(cst.NameItem, "name")
_assert: Final = maker(cst.Assert, "test", "msg")
_import: Final = maker(cst.Import, "names")
_alias: Final = maker(cst.ImportAlias, "name", "asname")
_as: Final = maker(cst.AsName, "name")
_import_from: Final = maker(cst.ImportFrom, "module", "names", "relative")
_star: Final = maker(cst.ImportStar)
_dot: Final = maker(cst.Dot)
_attribute: Final = maker(cst.Attribute, "value", "attr")
_pass: Final = maker(cst.Pass)
_break: Final = maker(cst.Break)
_continue: Final = maker(cst.Continue)
_if: Final = maker(cst.If, "test", "body", "orelse")
_else: Final = maker(cst.Else, "body")
_for: Final = maker(cst.For, "target", "iter", "body", "orelse", "asynchronous")
_while: Final = maker(cst.While, "test", "body", "orelse")
_with: Final = maker(cst.With, "items", "body", "asynchronous")
_held: Final = maker(cst.WithItem, "item", "asname")
_try: Final = maker(cst.Try, "body", "handlers", "orelse", "finalbody")
_handler: Final = maker(cst.ExceptHandler, "body", "type", "name")
_finally: Final = maker(cst.Finally, "body")
_function: Final = maker(
    cst.FunctionDef, "name", "params", "body", "decorators", "returns", "asynchronous"
)
_class: Final = maker(cst.ClassDef, "name", "body", "bases", "keywords", "decorators")
_decorator: Final = maker(cst.Decorator, "decorator")

_UPDATES: Final[dict[type[ast.AST], cst.CSTNode]] = {
    ast.Add: cst.AddAssign(), ast.Sub: cst.SubtractAssign(), ast.Mult: cst.MultiplyAssign(),
    ast.Div: cst.DivideAssign(), ast.FloorDiv: cst.FloorDivideAssign(),
    ast.Mod: cst.ModuloAssign(), ast.Pow: cst.PowerAssign(),
    ast.MatMult: cst.MatrixMultiplyAssign(), ast.LShift: cst.LeftShiftAssign(),
    ast.RShift: cst.RightShiftAssign(), ast.BitOr: cst.BitOrAssign(),
    ast.BitAnd: cst.BitAndAssign(), ast.BitXor: cst.BitXorAssign(),
}  # fmt: skip


def module(node: ast.Module) -> cst.Module:
    """A whole file.

    Raises:
        UnknownSyntaxError: it has something that is not covered.
    """
    return _module([_statement(one) for one in node.body])


def _statement(node: ast.stmt) -> cst.BaseStatement:
    kind = node.__class__
    small = _SMALL.get(kind)
    if small is not None:
        return _line((small(node),))
    compound = _COMPOUND.get(kind)
    if compound is None:
        raise UnknownSyntaxError
    return compound(node)


def _suite(nodes: Sequence[ast.stmt]) -> cst.BaseSuite:
    return _block([_statement(one) for one in nodes])


def _otherwise(nodes: Sequence[ast.stmt]) -> cst.Else | None:
    return _else(_suite(nodes)) if nodes else None


def _optional(node: ast.expr | None) -> cst.BaseExpression | None:
    return None if node is None else expression(node)


def _dotted(text: str) -> cst.BaseExpression:
    first, *others = text.split(".")
    made: cst.BaseExpression = name(first)
    for one in others:
        made = _attribute(made, name(one))
    return made


def _aliases(node: ast.Import | ast.ImportFrom) -> list[cst.ImportAlias]:
    return [
        _alias(_dotted(one.name), None if one.asname is None else _as(name(one.asname)))
        for one in node.names
    ]


def _imported_from(node: ast.ImportFrom) -> cst.BaseSmallStatement:
    source = None if node.module is None else _dotted(node.module)
    names = _star() if node.names[0].name == "*" else _aliases(node)
    return _import_from(source, names, tuple(_dot() for _ in range(node.level)))


def _deleted(node: ast.Delete) -> cst.BaseSmallStatement:
    if len(node.targets) == 1:
        return _delete(expression(node.targets[0]))
    return _delete(bare_tuple(node.targets))


def _raised(node: ast.Raise) -> cst.BaseSmallStatement:
    cause = None if node.cause is None else _from(expression(node.cause))
    return _raise(_optional(node.exc), cause)


def _branch(node: ast.If) -> cst.If:
    after = node.orelse
    orelse: cst.If | cst.Else | None
    if len(after) == 1 and isinstance(after[0], ast.If):
        orelse = _branch(after[0])
    else:
        orelse = _otherwise(after)
    return _if(expression(node.test), _suite(node.body), orelse)


def _loop(node: ast.For | ast.AsyncFor, asynchronous: _Asynchronous = None) -> cst.BaseStatement:
    return _for(
        expression(node.target),
        expression(node.iter),
        _suite(node.body),
        _otherwise(node.orelse),
        asynchronous,
    )


def _managed(
    node: ast.With | ast.AsyncWith, asynchronous: _Asynchronous = None
) -> cst.BaseStatement:
    items = []
    for one in node.items:
        target = one.optional_vars
        called = None if target is None else _as(expression(target))
        items.append(_held(expression(one.context_expr), called))
    return _with(items, _suite(node.body), asynchronous)


def _tried(node: ast.Try) -> cst.BaseStatement:
    handlers = [
        _handler(
            _suite(one.body),
            _optional(one.type),
            None if one.name is None else _as(name(one.name)),
        )
        for one in node.handlers
    ]
    last = _finally(_suite(node.finalbody)) if node.finalbody else None
    return _try(_suite(node.body), handlers, _otherwise(node.orelse), last)


def _defined(
    node: ast.FunctionDef | ast.AsyncFunctionDef, asynchronous: _Asynchronous = None
) -> cst.BaseStatement:
    if getattr(node, "type_params", None):
        raise UnknownSyntaxError
    return _function(
        name(node.name),
        parameters(node.args),
        _suite(node.body),
        [_decorator(expression(one)) for one in node.decorator_list],
        None if node.returns is None else annotation(expression(node.returns)),
        asynchronous,
    )


def _classed(node: ast.ClassDef) -> cst.BaseStatement:
    if getattr(node, "type_params", None):
        raise UnknownSyntaxError
    given = arguments(node.bases, node.keywords)
    return _class(
        name(node.name),
        _suite(node.body),
        [one for one in given if one.keyword is None and one.star != "**"],
        [one for one in given if one.keyword is not None or one.star == "**"],
        [_decorator(expression(one)) for one in node.decorator_list],
    )


_SMALL: Final[dict[type[ast.AST], Callable[[Any], cst.BaseSmallStatement]]] = {
    ast.Expr: lambda node: _expr(expression(node.value)),
    ast.Assign: lambda node: _assign(
        [_target(expression(one)) for one in node.targets], expression(node.value)
    ),
    ast.AugAssign: lambda node: _update(
        expression(node.target), _UPDATES[node.op.__class__], expression(node.value)
    ),
    ast.AnnAssign: lambda node: _annotated(
        expression(node.target), annotation(expression(node.annotation)), _optional(node.value)
    ),
    ast.Return: lambda node: _return(_optional(node.value)),
    ast.Raise: _raised,
    ast.Delete: _deleted,
    ast.Global: lambda node: _global([_item(name(one)) for one in node.names]),
    ast.Nonlocal: lambda node: _nonlocal([_item(name(one)) for one in node.names]),
    ast.Assert: lambda node: _assert(expression(node.test), _optional(node.msg)),
    ast.Import: lambda node: _import(_aliases(node)),
    ast.ImportFrom: _imported_from,
    ast.Pass: lambda _: _pass(),
    ast.Break: lambda _: _break(),
    ast.Continue: lambda _: _continue(),
}
_COMPOUND: Final[dict[type[ast.AST], Callable[[Any], cst.BaseStatement]]] = {
    ast.If: _branch,
    ast.For: _loop,
    ast.AsyncFor: lambda node: _loop(node, ASYNCHRONOUS),
    ast.While: lambda node: _while(
        expression(node.test), _suite(node.body), _otherwise(node.orelse)
    ),
    ast.With: _managed,
    ast.AsyncWith: lambda node: _managed(node, ASYNCHRONOUS),
    ast.Try: _tried,
    ast.FunctionDef: _defined,
    ast.AsyncFunctionDef: lambda node: _defined(node, ASYNCHRONOUS),
    ast.ClassDef: _classed,
}
