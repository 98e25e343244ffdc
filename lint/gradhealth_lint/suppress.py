"""Comments that silence findings, and those that silence nothing.

``# noqa: GRD101``, ``# gradhealth: ignore[GRD101] reason`` and ``# gradhealth: file-ignore[GRD101]
reason``: a comment counts on the first and on the last line of what it silences, at the end of
lines that a string or a backslash joins, and, in our own form, alone on the line above. Only real
comments do, not strings that look like one, so files are tokenized, but only those that need it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradhealth_lint.directives import Directive
    from gradhealth_lint.violation import Violation

#: Without one of these a file has no comment that is for us.
_OURS: Final = re.compile(r"gradhealth:\s*(?:file-)?ignore|noqa[^\n]*grd")
_FULL_CODE: Final = re.compile(r"GRD\d{3}")


@dataclass(frozen=True, slots=True)
class Judging:
    """How comments that are for us are judged.

    ``ran`` are the codes of the rules that ran on the file, ``known`` those there are; a code is
    called unused only if everything it stands for ran.
    """

    ran: frozenset[str]
    known: frozenset[str]
    require_reason: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """A comment that should not stay as it is, and where it is, from 1."""

    line: int
    column: int
    end_column: int
    message: str
    remedy: str


@dataclass(slots=True)
class Outcome:
    """The findings that no comment silences, and the comments to complain about."""

    kept: list[Violation] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)


def keep(violations: Iterable[Violation], text: str) -> list[Violation]:
    """The findings that no comment silences."""
    return apply(list(violations), text).kept


def apply(
    violations: Sequence[Violation], text: str, judging: Judging | None = None, own: str = ""
) -> Outcome:
    """Hold findings, whose lines are those of the text, against its comments.

    ``own`` is the code that complaints are reported under, which comments can silence as well.
    """
    if "#" not in text:
        return Outcome(list(violations))
    lowered = text.lower()
    ours = "gradhealth:" in lowered or "noqa" in lowered
    judged = judging is not None and ours and _OURS.search(lowered) is not None
    if not (violations or judged):
        return Outcome(list(violations))
    from gradhealth_lint import comments, directives

    given = list(directives.read(comments.read(text).comments))
    outcome = Outcome()
    used: set[tuple[int, str]] = set()
    for violation in violations:
        silencing = set(_silencing(violation, given))
        used |= silencing
        if not silencing:
            outcome.kept.append(violation)
    if judged and judging is not None:
        outcome.complaints = [
            complaint
            for index, directive in enumerate(given)
            if not any(_covers(other, directive.comment.line, own) for other in given)
            for complaint in _judge(directive, {code for at, code in used if at == index}, judging)
        ]
    return outcome


def _silencing(violation: Violation, given: list[Directive]) -> Iterator[tuple[int, str]]:
    """The directives, by number, and their codes, that silence a finding."""
    for index, directive in enumerate(given):
        fitting = [code for code in directive.codes if violation.code.startswith(code)]
        if fitting and directive.silences(violation.line, violation.end_line):
            yield from ((index, code) for code in fitting)


def _covers(directive: Directive, line: int, own: str) -> bool:
    """Whether complaints about a line are silenced, by the code in full."""
    return own in directive.codes and directive.silences(line, line)


def _judge(directive: Directive, used: set[str], judging: Judging) -> Iterator[Complaint]:
    if directive.own and not directive.codes:
        yield _complaint(
            directive,
            "a comment that names no code silences nothing",
            "name them in brackets: # gradhealth: ignore[CODES] reason",
        )
        return
    ours = [code for code in directive.codes if directive.own or _FULL_CODE.fullmatch(code)]
    for code in ours:
        meant = {one for one in judging.known if one.startswith(code)}
        if not meant:
            yield _complaint(directive, f"no rule has the code {code}", f"remove {code}")
        elif code and code not in used and meant <= judging.ran:
            where = "in this file" if directive.whole_file else "here"
            yield _complaint(directive, f"nothing {where} is reported as {code}", f"remove {code}")
    if judging.require_reason and ours and not directive.reason:
        form = "file-ignore" if directive.whole_file else "ignore"
        codes = ", ".join(code or "ALL" for code in ours)
        yield _complaint(
            directive,
            f"no reason is given for silencing {codes}",
            f"write one after the bracket: # gradhealth: {form}[{codes}] reason",
        )


def _complaint(directive: Directive, message: str, remedy: str) -> Complaint:
    comment = directive.comment
    start = comment.column + directive.start
    return Complaint(comment.line, start, comment.column + directive.end, message, remedy)
