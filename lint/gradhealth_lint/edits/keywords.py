"""Keyword arguments of calls: given, changed, taken out."""

from __future__ import annotations

import ast
import tokenize
from typing import TYPE_CHECKING

from gradhealth_lint.edits import expressions
from gradhealth_lint.edits.text import Splice, WithheldError

if TYPE_CHECKING:
    from gradhealth_lint.edits.draft import Draft


def give(draft: Draft, start: int, end: int, keyword: str, code: str) -> Splice:
    """``keyword=code`` for the call at a stretch of text."""
    call = _call(draft, start, end)
    for one in call.keywords:
        if one.arg == keyword:
            return expressions.replace(draft, *draft.span(one.value), code, [])
    if any(one.arg is None for one in call.keywords):
        raise WithheldError  # it may be among them already
    if any(isinstance(one, ast.GeneratorExp) for one in call.args) and len(call.args) == 1:
        raise WithheldError  # it may lack brackets of its own
    last = draft.before(end - 1)
    if last.text == "(" and not (call.args or call.keywords):
        return Splice(last.end, last.end, f"{keyword}={code}")
    if last.text != ",":
        return Splice(last.end, last.end, f", {keyword}={code}")
    first = draft.span(_last(call))[0]
    line_start = draft.line_start(first)
    line_end = draft.line_end(draft.place(last.end)[0])
    indent = draft.text[line_start:first]
    if line_end < end and not indent.strip() and draft.before(first).end <= line_start:
        # An argument a line: the new one gets its own as well.
        newline = draft.newline(first)
        return Splice(line_end, line_end, f"{indent}{keyword}={code},{newline}")
    return Splice(last.end, last.end, f" {keyword}={code}")


def drop(draft: Draft, start: int, end: int, keyword: str) -> Splice:
    """Take a keyword argument out of the call at a stretch of text."""
    call = _call(draft, start, end)
    one = next((one for one in call.keywords if one.arg == keyword), None)
    if one is None:
        raise WithheldError
    first, last = draft.span(one)
    while draft.after(last).text == ")" and draft.after(last).end < end:
        last = draft.after(last).end  # brackets around the value
    before, after = draft.before(first), draft.after(last)
    end_of_it = after.end if after.text == "," else last
    line_start = draft.line_start(first)
    line_end = draft.line_end(draft.place(end_of_it)[0])
    alone = not draft.text[line_start:first].strip() and before.end <= line_start
    if alone and draft.after(end_of_it).start >= line_end and line_end < end:
        return Splice(line_start, line_end, "")
    comments = draft.within(before.end, first) + draft.within(last, draft.after(end_of_it).start)
    if any(token.kind == tokenize.COMMENT for token in comments):
        raise WithheldError
    if before.text == "," and draft.after(end_of_it).start == end - 1:
        return Splice(before.start, last, "")
    return Splice(first, draft.after(end_of_it).start if after.text == "," else last, "")


def _call(draft: Draft, start: int, end: int) -> ast.Call:
    node = draft.expression(start, end)
    inside = any(isinstance(parent, ast.JoinedStr) for parent in draft.ancestors(node))
    if not isinstance(node, ast.Call) or inside:
        raise WithheldError
    return node


def _last(call: ast.Call) -> ast.AST:
    """The argument that is written last."""
    every: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return max(every, key=lambda one: (one.lineno, one.col_offset))
