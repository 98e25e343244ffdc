"""What comments say to the linter: which codes they silence, where, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradhealth_lint.comments import Comment

#: Codes after a colon as flake8 and ruff read them; without any, everything on the line.
_NOQA: Final = re.compile(
    r"#\s*noqa(?P<codes>\s*:\s*[A-Z][A-Z0-9]*(?:[\s,]+[A-Z]+[0-9]+)*)?", re.IGNORECASE
)
_OWN: Final = re.compile(
    r"#\s*gradhealth:\s*(?P<file>file-)?ignore\b\s*(?:\[(?P<codes>[^\]]*)\])?(?P<reason>[^#]*)",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"[A-Z]+[0-9]*", re.IGNORECASE)
#: What may stand between the bracket and the reason.
_BETWEEN: Final = " \t:,.-\N{EN DASH}\N{EM DASH}"
#: The code that stands for all of them.
EVERY: Final = ""
#: Up to this line a comment behind code may speak for the whole file.
_HEAD: Final = 20


@dataclass(frozen=True, slots=True)
class Directive:
    """One instruction in a comment; ``codes`` may be prefixes, ``own`` is our form of it.

    ``start`` and ``end`` are characters within the comment; ``codes`` is empty where an
    instruction in our form names none, which silences nothing.
    """

    comment: Comment
    codes: tuple[str, ...]
    own: bool
    whole_file: bool
    reason: str
    start: int
    end: int

    def silences(self, first: int, last: int) -> bool:
        """Whether it speaks for a construct from one line to another."""
        comment = self.comment
        if self.whole_file:
            return comment.alone or comment.line <= _HEAD
        if comment.speaks_for(first) or comment.speaks_for(last):
            return True
        return self.own and comment.following == first


def read(comments: Iterable[Comment]) -> Iterator[Directive]:
    """Every instruction, in order."""
    for comment in comments:
        yield from _own(comment)
        for match in _NOQA.finditer(comment.text):
            given = match["codes"]
            codes = (EVERY,) if given is None else _codes(given)
            yield Directive(
                comment,
                codes,
                own=False,
                whole_file=False,
                reason="",
                start=match.start(),
                end=match.end(),
            )


def _own(comment: Comment) -> Iterator[Directive]:
    for match in _OWN.finditer(comment.text):
        codes = tuple(EVERY if code == "ALL" else code for code in _codes(match["codes"] or ""))
        yield Directive(
            comment,
            codes,
            own=True,
            whole_file=match["file"] is not None,
            reason=match["reason"].strip(_BETWEEN),
            start=match.start(),
            end=match.start() + len(match[0].rstrip()),
        )


def _codes(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code.upper() for code in _CODE.findall(given)))
