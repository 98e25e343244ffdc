"""Writing comments that silence today's findings, where a comment can stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradhealth_lint import comments, directives
from gradhealth_lint.selection import ENGINE_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradhealth_lint.comments import Comments
    from gradhealth_lint.violation import Violation

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_CODES: Final = re.compile(r"(ignore\[)([^\]]*)(\])", re.IGNORECASE)


def add(text: str, violations: Iterable[Violation], reason: str = "") -> str:
    """The text with ``# gradhealth: ignore[CODES] reason`` at the line of each finding.

    Codes join a comment of ours that is there. What the engine itself reports is left alone: it
    is about comments, or about files that cannot be read.
    """
    found = comments.read(text)
    wanted: dict[int, set[str]] = {}
    for violation in violations:
        if violation.code not in ENGINE_CODES:
            wanted.setdefault(found.end_of(violation.line), set()).add(violation.code)
    lines = _LINE.findall(text)
    for line, codes in wanted.items():
        lines[line - 1] = _line(lines[line - 1], found, line, sorted(codes), reason)
    return "".join(lines)


def _line(text: str, found: Comments, line: int, codes: Sequence[str], reason: str) -> str:
    here = [comment for comment in found.comments if comment.line == line]
    for directive in directives.read(here):
        if directive.own and not directive.whole_file and directive.codes:
            start = directive.comment.column - 1 + directive.start
            joined = _CODES.sub(lambda match: _joined(match, codes), text[start:], count=1)
            return text[:start] + joined
    code = text.rstrip("\r\n")
    comment = f"# gradhealth: ignore[{', '.join(codes)}] {reason}".rstrip()
    return f"{code.rstrip()}  {comment}{text[len(code) :]}"


def _joined(match: re.Match[str], codes: Sequence[str]) -> str:
    there = [code.strip() for code in match[2].split(",") if code.strip()]
    every = dict.fromkeys([*there, *codes])
    return f"{match[1]}{', '.join(every)}{match[3]}"
