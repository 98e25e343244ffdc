"""Fixes made in a file's text, again and again until none is left, and each held to its word.

A fix counts only if the file can be read after it and has fewer findings of its code. Fixes that
meet in a place wait for each other; one that breaks its word is left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradhealth_lint import engine
from gradhealth_lint import source as sources
from gradhealth_lint.edits.text import Splice, Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gradhealth_lint.engine import Result, Settings
    from gradhealth_lint.source import Source
    from gradhealth_lint.violation import Violation

#: So that fixes that undo each other come to an end.
MOST_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Fixed:
    """A file's text after its fixes, and how many findings of each code they fixed."""

    text: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Change:
    """A fix by offsets, and what its finding is known by."""

    code: str
    splices: tuple[Splice, ...]
    known_by: tuple[str, ...]


def can_be_made(violation: Violation, *, unsafe: bool) -> bool:
    """Whether a finding has a fix of a kind that is asked for."""
    fix = violation.fix
    return fix is not None and (unsafe or fix.applicability == "safe")


def fix(
    source: Source,
    settings: Settings,
    *,
    unsafe: bool,
    only: Collection[int] | None = None,
) -> Fixed:
    """Fix what can be fixed; of ``only`` these findings, by their numbers in order of place.

    Raises:
        UnreadableError: the file cannot be parsed.
    """
    return _Fixing(source, settings, unsafe, only).run()


class _Fixing:
    """One file on its way."""

    def __init__(
        self, source: Source, settings: Settings, unsafe: bool, only: Collection[int] | None
    ) -> None:
        self._source = source
        self._settings = settings
        self._unsafe = unsafe
        self._text = Text(source.text)
        self._result = engine.judge(source, settings)
        found = enumerate(self._result.violations)
        self._wanted = (
            None if only is None else {self._place(one) for number, one in found if number in only}
        )
        self._refused: set[tuple[str, ...]] = set()
        self._counts: Counter[str] = Counter()

    def run(self) -> Fixed:
        """Round after round."""
        for _ in range(MOST_ROUNDS):
            changes = _apart(self._changes())
            if not changes:
                break
            if not self._make(changes):
                self._make_one_of(changes)
        return Fixed(self._source.text, self._counts)

    def _changes(self) -> Iterable[_Change]:
        """The fixes to make, in order of place."""
        for violation, text in zip(self._result.violations, self._result.texts, strict=True):
            if violation.fix is None or not can_be_made(violation, unsafe=self._unsafe):
                continue
            if self._wanted is not None and self._place(violation) not in self._wanted:
                continue
            new = tuple(edit.replacement for edit in violation.fix.edits)
            splices = tuple(self._text.splice(edit) for edit in violation.fix.edits)
            known_by = (violation.code, violation.message, text, *new)
            if known_by not in self._refused:
                yield _Change(violation.code, splices, known_by)

    def _make_one_of(self, changes: Sequence[_Change]) -> None:
        """Make the first that keeps its word; those before it are not tried again."""
        for change in changes:
            if len(changes) > 1 and self._make([change]):
                return
            self._refused.add(change.known_by)

    def _make(self, changes: Sequence[_Change]) -> bool:
        """Make them all; nothing is done if one of them breaks its word."""
        splices = [splice for change in changes for splice in change.splices]
        try:
            source = sources.with_text(self._source, self._text.spliced(splices))
            result = engine.judge(source, self._settings)
        except Exception:  # what cannot be linted is no fix, whoever is to blame
            return False
        fixed = Counter(change.code for change in changes)
        before, after = _counted(self._result), _counted(result)
        if any(after[code] > before[code] - count for code, count in fixed.items()):
            return False
        if self._wanted is not None:
            self._wanted = {(code, _moved(offset, splices)) for code, offset in self._wanted}
        self._source, self._result, self._text = source, result, Text(source.text)
        self._counts += fixed
        return True

    def _place(self, violation: Violation) -> tuple[str, int]:
        return violation.code, self._text.offset(violation.line, violation.column)


def _apart(changes: Iterable[_Change]) -> list[_Change]:
    """Those that do not meet one that comes before them."""
    chosen: list[_Change] = []
    taken: list[Splice] = []
    for change in changes:
        if not any(mine.meets(other) for mine in change.splices for other in taken):
            chosen.append(change)
            taken += change.splices
    return chosen


def _counted(result: Result) -> Counter[str]:
    return Counter(violation.code for violation in result.violations)


def _moved(offset: int, splices: Iterable[Splice]) -> int:
    """Where what stood at an offset stands after splices."""
    moved = offset
    for splice in splices:
        if splice.end <= offset:
            moved += len(splice.replacement) - (splice.end - splice.start)
        elif splice.start < offset:
            moved -= offset - splice.start
    return moved
