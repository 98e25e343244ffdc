"""One file at a time: screen, parse once, collect facts once, run the rules, suppress."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from gradhealth_lint import own_findings, suppress
from gradhealth_lint import source as sources
from gradhealth_lint.rules.listed import Listed, Mentioned
from gradhealth_lint.selection import ENGINE_CODES, UNUSED
from gradhealth_lint.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from gradhealth_lint.edits.making import Maker
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.rules.rule import Found, Rule
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.reader import FileReading, Span
    from gradhealth_lint.source import Source

_MEGABYTE: Final = 1_000_000
#: What ends a line for Python's parser; ``str.splitlines`` knows more.
_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the findings of a file depend on besides its contents.

    ``known`` are the codes of all rules, for comments to be held against.
    """

    rules: tuple[Rule | Listed, ...]
    limits: Limits
    report_unreadable: bool = True
    report_unused: bool = False
    require_reason: bool = False
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file.

    ``texts`` are the findings' first lines without their layout; ``resolved`` are other files the
    findings depend on, with the hashes of their contents; ``notes`` say what was not understood;
    ``failure`` says that the linter itself failed on the file.
    """

    violations: tuple[Violation, ...] = ()
    texts: tuple[str, ...] = ()
    resolved: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(slots=True)
class Outcome:
    """All findings of a run, in order of place, and the files on which the linter itself failed."""

    violations: list[Violation] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def lint(
    files: Iterable[tuple[Path, str]],
    rules: Sequence[Rule | Listed],
    limits: Limits,
    *,
    report_unreadable: bool = True,
) -> Outcome:
    """Lint (file, name in findings) pairs. One file's trouble never ends the run."""
    settings = Settings(tuple(rules), limits, report_unreadable=report_unreadable)
    outcome = Outcome()
    for file, path in files:
        result = attempt(file, path, settings)
        outcome.violations.extend(result.violations)
        outcome.failures.extend([] if result.failure is None else [result.failure])
    outcome.violations.sort()
    return outcome


def attempt(file: Path, path: str, settings: Settings, data: bytes | None = None) -> Result:
    """Lint one file, whose bytes may be at hand; never raises."""
    try:
        return _result(file, path, settings, data)
    except sources.UnreadableError as error:
        if not settings.report_unreadable:
            return Result()
        return Result((own_findings.unreadable(path, error),), (f"unreadable: {error.reason}",))
    except Exception as error:  # a fault of ours must not hide the other files
        kind = type(error).__name__
        # The text of a deep recursion or of lacking memory says nothing more.
        more = "" if isinstance(error, (RecursionError, MemoryError)) else f": {error}"
        return Result(failure=f"{path}: internal error: {kind}{more}".replace("\n", " "))


def lint_file(file: Path, path: str, rules: Sequence[Rule], limits: Limits) -> list[Violation]:
    """The findings of one file.

    Raises:
        UnreadableError: it is not Python source that can be read.
    """
    return list(_result(file, path, Settings(tuple(rules), limits)).violations)


def _result(file: Path, path: str, settings: Settings, data: bytes | None = None) -> Result:
    data = read_bytes(file) if data is None else data
    if path.endswith(sources.NOTEBOOK):
        return _of_notebook(sources.from_bytes(data, path), settings)
    if not _is_needed(data, settings):
        return Result()
    return judge(sources.from_bytes(data, path), settings)


def _of_notebook(source: Source, settings: Settings) -> Result:
    # Most of a notebook's bytes may be pictures: what counts are its cells.
    if not source.cells or not _is_needed(source.data, settings):
        return Result()
    try:
        result = judge(source, settings)
    except sources.UnreadableError as error:
        line, cell = source.place(error.line)
        raise sources.UnreadableError(error.reason, line, error.column, cell) from error
    from gradhealth_lint.notebooks.places import in_cell

    found = (in_cell(one, source.cells) for one in result.violations)
    return replace(result, violations=tuple(found))


def _is_needed(data: bytes, settings: Settings) -> bool:
    """Whether to read on: what is too large is not read, and that is said if a rule needs it."""
    if len(data) <= settings.limits.largest_file_bytes:
        return True
    if not needed(settings.rules, data):
        return False
    size, most = len(data) / _MEGABYTE, settings.limits.largest_file_bytes / _MEGABYTE
    raise sources.UnreadableError(f"is too large: {size:.1f} MB, the limit is {most:.1f} MB")


def judge(source: Source, settings: Settings) -> Result:
    """The findings of a file that has been read, at places of its text.

    Raises:
        UnreadableError: libcst cannot parse it.
    """
    found, resolved, notes = _found(source, settings)
    judging = _judging(settings) if settings.report_unused else None
    outcome = suppress.apply(found, source.text, judging, UNUSED)
    violations = [
        *outcome.kept,
        *(own_findings.unused(source.path, one) for one in outcome.complaints),
    ]
    if not violations:
        return Result(resolved=resolved, notes=notes)
    violations.sort()
    lines = _LINE_END.split(source.text)
    texts = tuple(_text(lines, one) for one in violations)
    return Result(tuple(violations), texts, resolved, notes)


def read_bytes(file: Path) -> bytes:
    """A file's bytes.

    Raises:
        UnreadableError: it cannot be opened.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise sources.UnreadableError(f"cannot be opened: {error.strerror or error}") from error


def _found(
    source: Source, settings: Settings
) -> tuple[list[Violation], tuple[tuple[str, str], ...], tuple[str, ...]]:
    """What the rules say, placed in the text, the other files that this rests on, and notes."""
    running = needed(settings.rules, source.data)
    if not running:
        return [], (), ()
    limits = settings.limits
    stacks = any(rule.reads_stacks for rule in running)
    reading = read(source, limits, stacks=stacks, exact=False)
    every = _said(running, reading, limits)
    if every and not reading.exact:
        reading = read(source, limits, stacks=stacks)
        every = _said(running, reading, limits)
    # A class that is made several times is read several times, and reported once.
    found = {(rule.code, item.anchor): (rule, item) for rule, item in reversed(every)}.values()
    plans = [item.fix for _, item in found if item.fix is not None]
    inside = {anchor for plan in plans for anchor in plan.anchors()}
    places = reading.positions({*inside, *(item.anchor for _, item in found)})
    fixed = _maker(source, places) if plans else None
    violations = [
        Violation(
            source.path,
            places[item.anchor].line,
            places[item.anchor].column,
            places[item.anchor].end_line,
            places[item.anchor].end_column,
            rule.code,
            rule.name,
            rule.severity,
            item.message,
            item.remedy,
            None if fixed is None or item.fix is None else fixed.make(item.fix),
        )
        for rule, item in found
    ]
    return violations, reading.resolved, reading.notes


def _said(rules: Sequence[Rule], reading: FileReading, limits: Limits) -> list[tuple[Rule, Found]]:
    return [(rule, item) for rule in rules for item in rule.check(reading.facts, limits)]


def _maker(source: Source, places: Mapping[Anchor, Span]) -> Maker:
    from gradhealth_lint.edits.making import Maker

    return Maker(source.text, places)


def _judging(settings: Settings) -> suppress.Judging:
    ran = frozenset(rule.code for rule in settings.rules)
    known = settings.known.union(ENGINE_CODES)
    return suppress.Judging(ran, known, require_reason=settings.require_reason)


def _text(lines: Sequence[str], violation: Violation) -> str:
    """The line a finding starts on, by which a baseline knows it again wherever it moves."""
    inside = violation.line <= len(lines)
    return " ".join(lines[violation.line - 1].split()) if inside else ""


def needed(rules: Sequence[Rule | Listed], data: bytes) -> list[Rule]:
    """The screen: the rules that may find something in a file; none that surely does is left out.

    A rule that finds every pattern it needs has the file read. If forward passes are read for one,
    all is read that any rule asks for, and the other rules may as well look at it.
    """
    mentioned = Mentioned(data.lower())
    # The first test spares most rules from being loaded.
    left = (rule for rule in rules if not isinstance(rule, Listed) or rule.may_need(mentioned))
    loaded = [rule.load() if isinstance(rule, Listed) else rule for rule in left]
    tracing = (rule for rule in loaded if rule.reads_stacks)
    if any(_matches(rule, data) for rule in tracing):
        return loaded
    return [rule for rule in loaded if not rule.reads_stacks and _matches(rule, data)]


def _matches(rule: Rule, data: bytes) -> bool:
    return all(pattern.search(data) for pattern in rule.needs)


def read(source: Source, limits: Limits, *, stacks: bool, exact: bool = True) -> FileReading:
    """A file's facts; see ``reader.read``.

    Raises:
        UnreadableError: libcst cannot parse it.
    """
    import libcst

    from gradhealth_lint import nesting
    from gradhealth_lint.semantics import reader

    if nesting.is_too_deep(source.text):
        raise sources.UnreadableError("is nested too deeply to be read")

    try:
        return reader.read(source, limits, stacks=stacks, exact=exact)
    except libcst.ParserSyntaxError as error:
        raise sources.UnreadableError(
            f"cannot be parsed: {error.message}", error.raw_line, error.raw_column + 1
        ) from error
