"""Path patterns as git's ignore files spell them; configuration uses the same ones.

A pattern without a slash fits a name at any depth; with one it is relative to the folder it is
written for. ``*`` and ``?`` stay within a name, ``**`` spans folders, a slash at the end means
folders only, a ``!`` at the start takes back what earlier patterns said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_POSIX_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
}


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring patterns of one sign, as one expression for files and one for folders."""

    takes_back: bool
    files: re.Pattern[str] | None
    folders: re.Pattern[str]


class Patterns:
    """An ordered list of patterns, of which the last that fits decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._runs = tuple(_runs([one for one in map(_clean, patterns) if one]))

    def decide(self, path: str, *, folder: bool = False) -> bool | None:
        """True if the path, relative and with slashes, fits; False if that is taken back."""
        for run in reversed(self._runs):
            expression = run.folders if folder else run.files
            if expression is not None and expression.fullmatch(path):
                return not run.takes_back
        return None


def _clean(line: str) -> str:
    """A line of an ignore file as a pattern, "" if it is none."""
    line = line.rstrip("\r\n")
    while line.endswith(" ") and not line.endswith("\\ "):
        line = line[:-1]
    return "" if line.startswith("#") else line


def _runs(patterns: Sequence[str]) -> list[_Run]:
    groups: list[tuple[bool, list[tuple[str, bool]]]] = []
    for pattern in patterns:
        takes_back = pattern.startswith("!")
        translated = _translated(pattern[1:] if takes_back else pattern)
        if translated is None:
            continue
        if not groups or groups[-1][0] != takes_back:
            groups.append((takes_back, []))
        groups[-1][1].append(translated)
    return [_run(takes_back, group) for takes_back, group in groups]


def _run(takes_back: bool, group: list[tuple[str, bool]]) -> _Run:
    of_files = [expression for expression, only_folders in group if not only_folders]
    return _Run(
        takes_back,
        re.compile("|".join(of_files), re.DOTALL) if of_files else None,
        re.compile("|".join(expression for expression, _ in group), re.DOTALL),
    )


def _translated(pattern: str) -> tuple[str, bool] | None:
    """The regular expression of a pattern, and whether it is for folders only."""
    only_folders = pattern.endswith("/")
    body = pattern.rstrip("/") if only_folders else pattern
    anchored = "/" in body
    body = body.removeprefix("/")
    if not body:
        return None
    expression = ("" if anchored else "(?:.*/)?") + _expression(body)
    try:
        re.compile(expression)
    except re.error:
        return None
    return f"(?:{expression})", only_folders


def _expression(body: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(body):
        starts = at == 0 or body[at - 1] == "/"
        if starts and body.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif starts and body[at:] == "**":
            parts.append(".+")
            at += 2
        elif body[at] == "*":
            parts.append("[^/]*")
            at += len(body[at:]) - len(body[at:].lstrip("*"))
        elif body[at] == "?":
            parts.append("[^/]")
            at += 1
        elif body[at] == "[" and (end := _class_end(body, at)) > 0:
            parts.append(_class(body[at + 1 : end]))
            at = end + 1
        else:
            at += body[at] == "\\" and at + 1 < len(body)
            parts.append(re.escape(body[at]))
            at += 1
    return "".join(parts)


def _class_end(body: str, at: int) -> int:
    """Where the bracket that opens here closes, -1 if nowhere."""
    first = at + 1
    if body[first : first + 1] in {"!", "^"}:
        first += 1
    end = body.find("]", first + 1)
    while end > 0 and body.rfind("[:", first, end) > body.rfind(":]", first, end):
        end = body.find("]", end + 1)
    return end


def _class(inner: str) -> str:
    negated = inner[:1] in {"!", "^"}
    inner = inner[1:] if negated else inner
    inner = inner.replace("\\", "\\\\").replace("]", "\\]")
    for name, members in _POSIX_CLASSES.items():
        inner = inner.replace(f"[:{name}:\\]", members)
    inner = inner.replace("[", "\\[").replace("^", "\\^")
    return f"(?!/)[{'^' if negated else ''}{inner}]"
