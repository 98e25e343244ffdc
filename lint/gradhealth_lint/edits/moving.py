"""A statement put before or after another one of the same function."""

from __future__ import annotations

import ast
import tokenize
from typing import TYPE_CHECKING, Final

from gradhealth_lint.edits import statements
from gradhealth_lint.edits.text import WithheldError

if TYPE_CHECKING:
    from gradhealth_lint.edits.draft import Draft
    from gradhealth_lint.edits.text import Splice

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_BLOCKS: Final = (ast.With, ast.AsyncWith)


def move(
    draft: Draft,
    moved: tuple[int, int],
    target: tuple[int, int],
    *,
    after: bool,
    inner: bool,
) -> list[Splice]:
    """Put the statement around one stretch of text before or after that around another.

    A test or context that is about nothing else moves with it. ``inner`` lets it go into loops
    that the target is in and it is not.
    """
    statement, anchor = draft.statement(*moved), draft.statement(*target)
    check_same_function(draft, moved, target)
    path = [anchor, *(one for one in draft.ancestors(anchor) if isinstance(one, ast.stmt))]
    statement = _whole(draft, statement, path)
    block = statements.block(draft, statement)
    reached = next(place for place, one in enumerate(path) if any(one is s for s in block))
    passable = (*_BLOCKS, *_LOOPS) if inner else _BLOCKS
    simple = isinstance(statement, ast.Expr)
    if not all(isinstance(one, passable) for one in path[1 : reached + 1]):
        raise WithheldError
    if not (simple or (reached == 0 and _may_move(draft, statement, anchor))):
        raise WithheldError
    code = _code(draft, statement, anchor)
    put = statements.put_after if after else statements.put_before
    return [put(draft, anchor, [code]), statements.delete(draft, *draft.span(statement))]


def check_same_function(draft: Draft, one: tuple[int, int], other: tuple[int, int]) -> None:
    """Hold back what would use the names of one function in another."""
    first, second = (_scope(draft, draft.statement(*span)) for span in (one, other))
    if first is not second:
        raise WithheldError


def _scope(draft: Draft, statement: ast.stmt) -> ast.AST | None:
    return next((one for one in draft.ancestors(statement) if isinstance(one, _SCOPES)), None)


def _whole(draft: Draft, statement: ast.stmt, path: list[ast.stmt]) -> ast.stmt:
    """The statement, or the test or context around nothing but it, that stands beside the path."""
    while not any(one is beside for one in path for beside in statements.block(draft, statement)):
        parent = draft.parents[statement]
        alone = isinstance(parent, (ast.If, *_BLOCKS)) and len(parent.body) == 1
        if not alone or getattr(parent, "orelse", []):
            raise WithheldError
        statement = parent  # type: ignore[assignment]
    if any(one is statement for one in path):
        raise WithheldError
    return statement


def _may_move(draft: Draft, statement: ast.stmt, anchor: ast.stmt) -> bool:
    """Whether what a statement sets is there in time: it moves up, or sets nothing."""
    up = draft.span(anchor)[0] < draft.span(statement)[0]
    sets = any(isinstance(one, (ast.Assign, ast.AugAssign)) for one in ast.walk(statement))
    return up or not sets


def _code(draft: Draft, statement: ast.stmt, anchor: ast.stmt) -> str:
    """The text of a statement, with the comment at its end where there is room for it."""
    start, end = draft.span(statement)
    token = draft.after(end)
    own_line = draft.before(draft.span(anchor)[0]).kind == tokenize.NEWLINE
    if token.kind == tokenize.NEWLINE and own_line:
        end = token.start
    return draft.text[start:end].rstrip()
