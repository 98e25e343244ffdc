"""The comments of a file, and the lines each of them speaks for."""

from __future__ import annotations

import contextlib
import io
import tokenize
from dataclasses import dataclass, field
from typing import Final

#: Ends of lines and changes of depth: what follows them starts a line by right.
_BREAKS: Final = frozenset(
    {tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT}
)
_OPENS: Final = frozenset({"FSTRING_START", "TSTRING_START"})
_CLOSES: Final = frozenset({"FSTRING_END", "TSTRING_END"})


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, its place from 1, and whether it has its line to itself.

    ``first`` is the first of the lines that a string or a backslash joins with its own;
    ``following`` is the next line with code, where the comment stands alone.
    """

    line: int
    column: int
    text: str
    alone: bool
    first: int
    following: int | None = None

    def speaks_for(self, line: int) -> bool:
        """Whether the comment is at the end of a line, or of lines joined with it."""
        return self.first <= line <= self.line


@dataclass(slots=True)
class Comments:
    """All comments of a file in order, and the groups of lines without a place for a comment.

    A group is the first and the last line of a string, or of lines joined by backslashes; its
    last line is where a comment for it goes.
    """

    comments: list[Comment] = field(default_factory=list)
    groups: list[tuple[int, int]] = field(default_factory=list)

    def end_of(self, line: int) -> int:
        """The line at whose end a comment for a line can stand."""
        return next((last for first, last in self.groups if first <= line <= last), line)


def read(text: str) -> Comments:
    """Tokenize a file; of one that cannot be tokenized, what comes before the trouble."""
    found = Comments()
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        _collect(text, found)
    return found


def _collect(text: str, found: Comments) -> None:
    waiting: list[int] = []  # indices of comments alone on their lines, before any code
    opened: list[int] = []  # the lines where strings with holes began
    breaks, end = True, 1
    for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
        line = token.start[0]
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            if alone:
                waiting.append(len(found.comments))
            group = found.groups[-1] if found.groups else (line, line)
            first = group[0] if group[1] == line else line
            found.comments.append(Comment(line, token.start[1] + 1, token.string, alone, first))
        elif token.type not in _BREAKS:
            if not breaks and line > end:
                _join(found.groups, end, line)
            for index in waiting:
                found.comments[index] = _following(found.comments[index], line)
            waiting.clear()
            _strings(token, opened, found.groups)
        breaks, end = token.type in _BREAKS, token.end[0]


def _strings(token: tokenize.TokenInfo, opened: list[int], groups: list[tuple[int, int]]) -> None:
    """Join the lines of a string, in one token or, from Python 3.12 on, in many."""
    name = tokenize.tok_name[token.type]
    if name in _OPENS:
        opened.append(token.start[0])
    elif name in _CLOSES and opened:
        _join(groups, opened.pop(), token.end[0])
    elif token.type == tokenize.STRING:
        _join(groups, token.start[0], token.end[0])


def _join(groups: list[tuple[int, int]], first: int, last: int) -> None:
    if first == last:
        return
    while groups and groups[-1][1] >= first:
        earlier = groups.pop()
        first, last = min(first, earlier[0]), max(last, earlier[1])
    groups.append((first, last))


def _following(comment: Comment, line: int) -> Comment:
    return Comment(comment.line, comment.column, comment.text, comment.alone, comment.first, line)
