"""One file at a time: screen, parse once, collect facts once, run the rules, suppress."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradhealth_lint import source as sources
from gradhealth_lint import suppress
from gradhealth_lint.selection import UNREADABLE
from gradhealth_lint.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.rules.rule import Rule
    from gradhealth_lint.semantics.reader import FileReading
    from gradhealth_lint.source import Source


@dataclass(slots=True)
class Outcome:
    """All findings of a run, in order of place, and the files on which the linter itself failed."""

    violations: list[Violation] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def lint(
    files: Iterable[tuple[Path, str]],
    rules: Sequence[Rule],
    limits: Limits,
    *,
    report_unreadable: bool = True,
) -> Outcome:
    """Lint (file, name in findings) pairs. One file's trouble never ends the run."""
    outcome = Outcome()
    for file, path in files:
        _add(outcome, file, path, rules, limits, report_unreadable=report_unreadable)
    outcome.violations.sort()
    return outcome


def _add(
    outcome: Outcome,
    file: Path,
    path: str,
    rules: Sequence[Rule],
    limits: Limits,
    *,
    report_unreadable: bool,
) -> None:
    try:
        outcome.violations.extend(lint_file(file, path, rules, limits))
    except sources.UnreadableError as error:
        if report_unreadable:
            outcome.violations.append(unreadable(path, error))
    except Exception as error:  # a fault of ours must not hide the other files
        outcome.failures.append(f"{path}: internal error: {type(error).__name__}: {error}")


def lint_file(file: Path, path: str, rules: Sequence[Rule], limits: Limits) -> list[Violation]:
    """The findings of one file.

    Raises:
        UnreadableError: it is not Python source that can be read.
    """
    source = sources.read(file, path)
    running = [rule for rule in rules if may_report(rule, source.data)]
    if not running:
        return []
    reading = read(source, limits, stacks=any(rule.reads_stacks for rule in running))
    found = [(rule, item) for rule in running for item in rule.check(reading.facts, limits)]
    places = reading.positions(item.anchor for _, item in found)
    violations = [
        Violation(
            path,
            places[item.anchor].line,
            places[item.anchor].column,
            places[item.anchor].end_line,
            places[item.anchor].end_column,
            rule.code,
            rule.name,
            rule.severity,
            item.message,
            item.remedy,
        )
        for rule, item in found
    ]
    return suppress.keep(violations, source.text)


def may_report(rule: Rule, data: bytes) -> bool:
    """The screen: whether the file has every pattern the rule needs."""
    return all(pattern.search(data) for pattern in rule.needs)


def read(source: Source, limits: Limits, *, stacks: bool) -> FileReading:
    """A file's facts; see ``reader.read``.

    Raises:
        UnreadableError: libcst cannot parse it.
    """
    import libcst

    from gradhealth_lint.semantics import reader

    try:
        return reader.read(source, limits, stacks=stacks)
    except libcst.ParserSyntaxError as error:
        raise sources.UnreadableError(
            f"cannot be parsed: {error.message}", error.raw_line, error.raw_column + 1
        ) from error


def unreadable(path: str, error: sources.UnreadableError) -> Violation:
    """The finding for a file that is not source."""
    return Violation(
        path,
        error.line,
        error.column,
        error.line,
        error.column,
        UNREADABLE,
        "unreadable-file",
        "error",
        f"the file {error.reason}",
        "correct it or leave it out of the paths: nothing in it was checked",
    )
