"""What a tree says, without layout and without what CPython's parser does not keep."""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import Any

import libcst as cst

from gradhealth_lint.semantics.domain import walking

Shape = tuple[Any, ...]


def shape(node: cst.CSTNode) -> Shape:
    """A tree as nested tuples, equal for trees that mean the same."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString)):
        return _string(node)
    if isinstance(node, (cst.Integer, cst.Float, cst.Imaginary)):
        return ("number", repr(node.evaluated_value))
    if isinstance(node, (cst.Module, cst.BaseSuite)):
        return ("suite", *_statements(node.body))
    if isinstance(node, cst.Else) and (inner := _only_branch(node)) is not None:
        return shape(inner)
    if isinstance(node, cst.Subscript):
        return ("subscript", shape(node.value), *_indices(node))
    return (type(node).__name__, *(_field(node, name) for name in _names(node)))


def _names(node: cst.CSTNode) -> list[str]:
    every = (field.name for field in dataclasses.fields(node))
    return [name for name in every if name not in _SILENT and name not in walking.LAYOUT]


#: Marks that say nothing more, or whose lack is written in several ways.
_SILENT = frozenset(
    {"equal", "colon", "first_colon", "second_colon", "posonly_ind", "separator", "start", "end",
     "type_parameters"}
)  # fmt: skip


def _field(node: cst.CSTNode, name: str) -> Any:
    if "whitespace" in name:
        return ()
    value = getattr(node, name)
    if isinstance(value, cst.CSTNode):
        return shape(value)
    if isinstance(value, (tuple, list)):
        return tuple(shape(one) for one in value)
    if name == "star":
        return value if isinstance(value, str) else ""
    if isinstance(value, str):
        return unicodedata.normalize("NFKC", value)  # as CPython reads names
    return None if isinstance(value, cst.MaybeSentinel) else value


def _statements(body: Any) -> list[Shape]:
    found: list[Shape] = []
    for one in body:
        small = one.body if isinstance(one, cst.SimpleStatementLine) else [one]
        found.extend(shape(inner) for inner in small)
    return found


def _only_branch(node: cst.Else) -> cst.If | None:
    body = node.body.body
    return body[0] if len(body) == 1 and isinstance(body[0], cst.If) else None


def _indices(node: cst.Subscript) -> list[Shape]:
    """``x[(a, b)]`` as ``x[a, b]``."""
    found: list[Shape] = []
    for one in node.slice:
        inside = one.slice.value if isinstance(one.slice, cst.Index) else None
        if len(node.slice) == 1 and isinstance(inside, cst.Tuple) and inside.elements:
            starred = [isinstance(held, cst.StarredElement) for held in inside.elements]
            pairs = zip(inside.elements, starred, strict=True)
            return [("index", shape(held.value), star) for held, star in pairs]
        if isinstance(one.slice, cst.Index):
            found.append(("index", shape(one.slice.value), bool(one.slice.star)))
        else:
            found.append(shape(one.slice))
    return found


def _string(node: cst.BaseExpression) -> Shape:
    pieces = _pieces(node)
    if any(isinstance(one, cst.FormattedString) for one in pieces):
        formatted = [one for one in pieces if isinstance(one, cst.FormattedString)]
        return ("formatted", *(shown for one in formatted for shown in _shown(one.parts)))
    texts = [one.evaluated_value for one in pieces]
    return ("string", texts[0][:0].join(texts))


def _pieces(node: Any) -> list[Any]:
    if isinstance(node, cst.ConcatenatedString):
        return [*_pieces(node.left), *_pieces(node.right)]
    return [node]


def _shown(parts: Any) -> list[Shape]:
    return [
        (shape(one.expression), *_shown(one.format_spec or ()))
        for one in parts
        if isinstance(one, cst.FormattedStringExpression)
    ]
