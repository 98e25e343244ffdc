"""A file as fixes see it: its text, its tokens and the standard library's tree of it."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from gradhealth_lint.edits.text import Text, WithheldError

if TYPE_CHECKING:
    from collections.abc import Iterator

_Node = TypeVar("_Node", bound=ast.AST)
#: Tokens that are no code, and those that stand for no text.
_SPACE: Final = frozenset({tokenize.COMMENT, tokenize.NL})
_LAYOUT: Final = frozenset({tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})
_OPEN: Final = frozenset("([{")
_CLOSE: Final = frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token by offsets."""

    kind: int
    text: str
    start: int
    end: int


class Draft(Text):
    """A file that Python at hand can parse.

    Raises:
        WithheldError: it cannot.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.tree = parsed(text)
        self.tokens = list(self._tokenized())
        self._token_starts = [token.start for token in self.tokens]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node starts, with its decorators, and where it ends."""
        start = self.bare_start(node)
        for decorator in getattr(node, "decorator_list", ())[:1]:
            start = self.before(self.bare_start(decorator)).start  # the @
        end = self.offset_of_bytes(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, end

    def bare_start(self, node: ast.AST) -> int:
        """Where a node starts without its decorators."""
        return self.offset_of_bytes(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of every node."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node is in, innermost first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def expression(self, start: int, end: int) -> ast.expr:
        """The expression at a stretch of text."""
        for node in self._at(ast.expr, start, end):
            if self.span(node) == (start, end):
                return node
        raise WithheldError

    def statement(self, start: int, end: int) -> ast.stmt:
        """The innermost statement around a stretch of text."""
        found = [(self.span(node), node) for node in self._at(ast.stmt, start, end)]
        around = [(b - a, node) for (a, b), node in found if a <= start and end <= b]
        if not around:
            raise WithheldError
        return min(around, key=lambda one: one[0])[1]

    def _at(self, kind: type[_Node], start: int, end: int) -> Iterator[_Node]:
        """Nodes of a kind whose lines, with those of decorators, hold the stretch."""
        first, last = self.place(start)[0], self.place(end)[0]
        for node in ast.walk(self.tree):
            if isinstance(node, kind):
                decorators = getattr(node, "decorator_list", ())
                line = min(node.lineno, *(one.lineno for one in decorators), node.lineno)  # type: ignore[attr-defined]
                if line <= first and last <= node.end_lineno:  # type: ignore[attr-defined]
                    yield node

    def before(self, offset: int) -> Token:
        """The last token of code that ends at or before an offset, of kind NEWLINE at the start."""
        for index in range(bisect_left(self._token_starts, offset) - 1, -1, -1):
            token = self.tokens[index]
            if token.kind not in _SPACE and token.end <= offset:
                return token
        return Token(tokenize.NEWLINE, "", 0, 0)

    def after(self, offset: int) -> Token:
        """The first token of code that starts at or after an offset."""
        for token in self.tokens[bisect_left(self._token_starts, offset) :]:
            if token.kind not in _SPACE:
                return token
        return Token(tokenize.NEWLINE, "", len(self.text), len(self.text))

    def within(self, start: int, end: int) -> list[Token]:
        """The tokens in a stretch of text, comments and all."""
        first = bisect_left(self._token_starts, start)
        return self.tokens[first : bisect_left(self._token_starts, end)]

    def is_bracketed(self, offset: int) -> bool:
        """Whether a line may end at an offset without ending a statement."""
        depth = 0
        for token in self.tokens[: bisect_right(self._token_starts, offset)]:
            if token.kind == tokenize.OP and token.end <= offset:
                depth += (token.text in _OPEN) - (token.text in _CLOSE)
        return depth > 0

    def _tokenized(self) -> Iterator[Token]:
        lines = io.StringIO(self.text, newline=None).readline
        try:
            for token in tokenize.generate_tokens(lines):
                if token.type not in _LAYOUT:
                    start = self.offset(token.start[0], token.start[1] + 1)
                    end = self.offset(token.end[0], token.end[1] + 1)
                    if token.type in {tokenize.NEWLINE, tokenize.NL}:
                        end = self.line_end(token.start[0])
                    yield Token(token.type, token.string, start, end)
        except (tokenize.TokenError, SyntaxError, IndexError) as error:
            raise WithheldError from error


def parsed(text: str) -> ast.Module:
    """The tree of a text.

    Raises:
        WithheldError: it is not Python, or newer than the Python at hand.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise WithheldError from error
