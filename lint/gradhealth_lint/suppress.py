"""Comments that silence findings: ``# noqa: GRD101`` and ``# gradhealth: ignore[GRD101] reason``.

A comment counts on the first and on the last line of what it silences. Only real comments do, not
strings that look like one, so files are tokenized, but only those that have findings.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradhealth_lint.violation import Violation

#: Codes after a colon as flake8 and ruff read them; without any, everything on the line.
_NOQA: Final = re.compile(
    r"#\s*noqa(?P<codes>\s*:\s*[A-Z][A-Z0-9]*(?:[\s,]+[A-Z]+[0-9]+)*)?", re.IGNORECASE
)
_IGNORE: Final = re.compile(r"#\s*gradhealth:\s*ignore\[(?P<codes>[^\]]*)\]", re.IGNORECASE)
_CODE: Final = re.compile(r"[A-Z]+[0-9]*", re.IGNORECASE)
#: The code that stands for all of them.
_EVERY: Final = ""


def keep(violations: Iterable[Violation], text: str) -> list[Violation]:
    """The findings that no comment silences."""
    found = list(violations)
    if not found or "#" not in text:
        return found
    silenced = _silenced(text)
    return [v for v in found if not _is_silenced(v, silenced)]


def _is_silenced(violation: Violation, silenced: dict[int, set[str]]) -> bool:
    return any(
        violation.code.startswith(code)
        for line in (violation.line, violation.end_line)
        for code in silenced.get(line, ())
    )


def _silenced(text: str) -> dict[int, set[str]]:
    """The codes, or prefixes of codes, silenced on each line."""
    lines: dict[int, set[str]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                codes = _codes(token.string)
                if codes:
                    lines.setdefault(token.start[0], set()).update(codes)
    except (tokenize.TokenError, SyntaxError):
        pass  # what comes before the trouble counts
    return lines


def _codes(comment: str) -> set[str]:
    codes: set[str] = set()
    for match in _IGNORE.finditer(comment):
        codes.update(code.upper() for code in _CODE.findall(match["codes"]))
    for match in _NOQA.finditer(comment):
        given = match["codes"]
        codes.update({_EVERY} if given is None else map(str.upper, _CODE.findall(given)))
    return codes
