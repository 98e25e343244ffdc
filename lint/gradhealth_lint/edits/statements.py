"""Statements put before or after others, and taken out."""

from __future__ import annotations

import ast
import tokenize
from typing import TYPE_CHECKING, Final

from gradhealth_lint.edits.draft import parsed
from gradhealth_lint.edits.text import LINE_END, Splice, WithheldError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.edits.draft import Draft

#: Statements that have blocks of their own, and so a line of their own.
_COMPOUND: Final = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match,
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip
#: What is in these runs later, more than once, or not at all.
_LATER: Final = (
    ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.Assert,
    ast.ExceptHandler,
)  # fmt: skip
_LEAVING: Final = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_SPACES: Final = " \t\f"


def insert_before(draft: Draft, start: int, end: int, lines: Sequence[str]) -> Splice:
    """New statements before the one around a stretch of text, run as often as the stretch is."""
    statement = draft.statement(start, end)
    _check_runs_with_its_statement(draft, start, end, statement)
    _check_is_whole(draft, statement)
    if is_text(statement) or _is_future(statement):
        raise WithheldError
    return put_before(draft, statement, lines)


def insert_after(draft: Draft, start: int, end: int, lines: Sequence[str]) -> Splice:
    """New statements after the one around a stretch of text."""
    statement = draft.statement(start, end)
    _check_is_whole(draft, statement)
    if isinstance(statement, _LEAVING):
        raise WithheldError
    return put_after(draft, statement, lines)


def delete(draft: Draft, start: int, end: int) -> Splice:
    """Take out the statement around a stretch of text; ``pass`` fills a block that gets empty."""
    statement = draft.statement(start, end)
    _check_is_whole(draft, statement)
    beside = block(draft, statement)
    first, last = draft.span(statement)
    if len(beside) == 1 and not isinstance(draft.parents[statement], ast.Module):
        return Splice(first, last, "pass")
    line_end = _end_of_line(draft, last)
    if _begins_line(draft, first) and line_end is not None:
        return _without_lines(draft, draft.line_start(first), line_end)
    before = draft.before(first)
    if before.text == ";":
        return Splice(before.start, last, "")
    return Splice(first, draft.span(beside[beside.index(statement) + 1])[0], "")


def put_before(draft: Draft, statement: ast.stmt, lines: Sequence[str]) -> Splice:
    """New statements before one: on lines of their own where it has its own."""
    start = draft.span(statement)[0]
    if _begins_line(draft, start):
        newline = draft.newline(start) + _indent(draft, start)
        return Splice(start, start, "".join(f"{line}{newline}" for line in lines))
    _check_simple(lines)
    return Splice(start, start, "".join(f"{line}; " for line in lines))


def put_after(draft: Draft, statement: ast.stmt, lines: Sequence[str]) -> Splice:
    """The same after one, and after the comment at its end."""
    start, end = draft.span(statement)
    line_end = _end_of_line(draft, end)
    if not _begins_line(draft, start) or line_end is None:
        if isinstance(statement, _COMPOUND):
            raise WithheldError
        _check_simple(lines)
        return Splice(end, end, "".join(f"; {line}" for line in lines))
    indent, newline = _indent(draft, start), draft.newline(start)
    if isinstance(statement, _COMPOUND):
        line_end = _after_its_comments(draft, line_end, indent)
    if draft.text[line_end - 1] in "\r\n":
        return Splice(line_end, line_end, "".join(f"{indent}{line}{newline}" for line in lines))
    return Splice(line_end, line_end, "".join(f"{newline}{indent}{line}" for line in lines))


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is but a string, as documentation is."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _check_is_whole(draft: Draft, statement: ast.stmt) -> None:
    """An elif is no statement of its own."""
    if isinstance(statement, ast.If) and draft.text.startswith("elif", draft.span(statement)[0]):
        raise WithheldError


def _check_runs_with_its_statement(draft: Draft, start: int, end: int, statement: ast.stmt) -> None:
    """What stands in the stretch must run once whenever the statement starts, and not later."""
    # An anchor's stretch has no decorators.
    if (draft.bare_start(statement), draft.span(statement)[1]) == (start, end):
        return
    if isinstance(statement, (ast.While, ast.Match)):
        raise WithheldError
    node: ast.AST = draft.expression(start, end)
    for parent in draft.ancestors(node):
        lazy = isinstance(parent, _LATER)
        lazy = lazy or (isinstance(parent, ast.IfExp) and node is not parent.test)
        lazy = lazy or (isinstance(parent, ast.BoolOp) and node is not parent.values[0])
        lazy = lazy or (isinstance(parent, ast.Compare) and node in parent.comparators[1:])
        if lazy:
            raise WithheldError
        if parent is statement:
            return
        node = parent


def _check_simple(lines: Sequence[str]) -> None:
    """Only simple statements share a line."""
    for line in lines:
        if any(isinstance(node, _COMPOUND) for node in parsed(line).body):
            raise WithheldError


def block(draft: Draft, statement: ast.stmt) -> list[ast.stmt]:
    """The statements that one is among."""
    for _, value in ast.iter_fields(draft.parents[statement]):
        if isinstance(value, list) and any(one is statement for one in value):
            return value
    raise WithheldError


def _begins_line(draft: Draft, start: int) -> bool:
    """Whether a statement is the first of its line."""
    return draft.before(start).kind == tokenize.NEWLINE


def _end_of_line(draft: Draft, end: int) -> int | None:
    """Where the line ends that a statement is the last of; None if others follow."""
    token = draft.after(end)
    if token.text == ";":
        token = draft.after(token.end)
    return token.end if token.kind == tokenize.NEWLINE else None


def _indent(draft: Draft, start: int) -> str:
    return draft.text[draft.line_start(start) : start]


def _after_its_comments(draft: Draft, line_end: int, indent: str) -> int:
    """Where comments end that stand in a block's last lines, deeper than what the block is of."""
    while True:
        line = LINE_END.split(draft.text[line_end:], maxsplit=1)[0]
        code = line.lstrip(_SPACES)
        deeper = len(line) - len(code) > len(indent) and line.startswith(indent)
        if not (deeper and code.startswith("#")):
            return line_end
        line_end = draft.line_end(draft.place(line_end)[0])


def _without_lines(draft: Draft, start: int, end: int) -> Splice:
    """Take out whole lines; a file without a line end at its end stays so."""
    if end == len(draft.text) and start and draft.text[end - 1] not in "\r\n":
        start -= len(draft.newline(start - 1))
    return Splice(start, end, "")
