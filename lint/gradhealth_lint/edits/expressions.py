"""Expressions replaced and wrapped, with brackets where they are needed."""

from __future__ import annotations

import ast
import tokenize
from typing import TYPE_CHECKING, Final

from gradhealth_lint.edits.draft import parsed
from gradhealth_lint.edits.text import LINE_END, Splice, WithheldError

if TYPE_CHECKING:
    from gradhealth_lint.edits.draft import Draft

#: What binds as tightly as a name.
_ATOMS: Final = (
    ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set, ast.ListComp,
    ast.SetComp, ast.DictComp, ast.JoinedStr,
)  # fmt: skip
#: What is no argument without brackets of its own.
_LOOSE: Final = (ast.Tuple, ast.NamedExpr, ast.Yield, ast.YieldFrom)
_NO_VALUE: Final = (ast.Starred, ast.GeneratorExp, ast.Slice)
#: Where any expression can stand as it is.
_ROOMY: Final = (
    ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.If, ast.While, ast.keyword,
    ast.List, ast.Set, ast.Dict,
)  # fmt: skip


def replace(draft: Draft, start: int, end: int, code: str, kept: list[tuple[int, int]]) -> Splice:
    """Other code in place of an expression; ``kept`` are the stretches that the code repeats."""
    node = draft.expression(start, end)
    _check_is_read(draft, node)
    for token in draft.within(start, end):
        if token.kind == tokenize.COMMENT and not any(a <= token.start < b for a, b in kept):
            raise WithheldError  # the comment would be lost
    (new,) = parsed(f"({code}\n)").body
    value = new.value if isinstance(new, ast.Expr) else node
    parent = draft.parents[node]
    roomy = isinstance(parent, _ROOMY) or (isinstance(parent, ast.Call) and node is not parent.func)
    tight = is_atom(value) or (roomy and not isinstance(value, _LOOSE))
    broken = not (draft.is_bracketed(start) or _is_one_line(code))
    if not tight or broken or _touches(draft, start, end, code):
        code = f"({code})"
    return Splice(start, end, code)


def wrap(draft: Draft, start: int, end: int, before: str, after: str) -> list[Splice]:
    """Code before and after an expression, which becomes an argument of it."""
    node = draft.expression(start, end)
    _check_is_read(draft, node)
    if isinstance(node, _NO_VALUE):
        raise WithheldError
    if isinstance(node, _LOOSE) and not _is_bracketed(draft, node):
        before, after = f"{before}(", f"){after}"
    if _touches(draft, start, start, before):
        before = f" {before}"
    return [Splice(start, start, before), Splice(end, end, after)]


def argument(draft: Draft, start: int, end: int, *, atom: bool) -> str:
    """The code of an expression, fit to be an argument of a call, or for ``.x`` behind it."""
    node = draft.expression(start, end)
    if isinstance(node, _NO_VALUE):
        raise WithheldError
    text = draft.text[start:end]
    bracketed = _is_bracketed(draft, node)
    loose = isinstance(node, _LOOSE) and not bracketed
    return f"({text})" if loose or (atom and not is_atom(node) and not bracketed) else text


def is_atom(node: ast.expr) -> bool:
    """Whether an expression can stand in any place without brackets."""
    if isinstance(node, ast.Constant):
        # Not ``1``: there is no ``1.x``.
        return isinstance(node.value, (str, bytes, bool, type(None)))
    return isinstance(node, _ATOMS)


def _check_is_read(draft: Draft, node: ast.expr) -> None:
    """What is assigned to, and what is part of a string, is left alone."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        raise WithheldError
    if any(isinstance(parent, ast.JoinedStr) for parent in draft.ancestors(node)):
        raise WithheldError


def _is_bracketed(draft: Draft, node: ast.expr) -> bool:
    """Whether the stretch of text of a tuple has its brackets."""
    start, end = draft.span(node)
    opened = isinstance(node, ast.Tuple) and draft.text[start] == "("
    return opened and _closes(draft, start) == end


def _closes(draft: Draft, start: int) -> int:
    """Where the bracket that opens at an offset is closed."""
    depth = 0
    for token in draft.within(start, len(draft.text)):
        if token.kind == tokenize.OP:
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0:
                return token.end
    raise WithheldError


def _is_one_line(code: str) -> bool:
    """Whether code is an expression without brackets around it that let it go over lines."""
    if LINE_END.search(code) is None:
        return True
    try:
        return len(parsed(code).body) == 1
    except WithheldError:
        return False


def _touches(draft: Draft, start: int, end: int, code: str) -> bool:
    """Whether new code would run into a word beside it: ``1if``, ``return-x``."""
    before, after = draft.text[:start][-1:], draft.text[end : end + 1]
    left = _is_word(before) and _is_word(code[:1])
    return left or (end > start and _is_word(after) and _is_word(code[-1:]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
