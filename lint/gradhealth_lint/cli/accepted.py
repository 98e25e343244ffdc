"""The baseline in a run: what it hides, and how it gets shorter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gradhealth_lint import baseline
from gradhealth_lint.cli.console import note
from gradhealth_lint.selection import UNREADABLE, UNUSED

if TYPE_CHECKING:
    import argparse

    from gradhealth_lint.baseline import Baseline, Found
    from gradhealth_lint.cli.linting import Linted
    from gradhealth_lint.cli.project import Project
    from gradhealth_lint.engine import Result, Settings
    from gradhealth_lint.violation import Violation


def of(options: argparse.Namespace, asked: Project) -> Baseline | None:
    """The baseline in force.

    Raises:
        BaselineError: it cannot be used.
    """
    if options.baseline is False:
        return None
    file = asked.config.baseline if options.baseline is None else Path.cwd() / options.baseline
    return None if file is None else baseline.read(file)


def hide(
    options: argparse.Namespace, asked: Project, accepted: Baseline, linted: Linted
) -> list[Violation]:
    """The findings that are not accepted; those that are gone leave the file.

    Raises:
        BaselineError: it cannot be written.
    """
    every = found(accepted, linted)
    new = accepted.new(every)
    name = os.path.relpath(accepted.file)
    if hidden := len(every) - len(new):
        _say(options, f"{_counted(hidden, 'finding')} hidden by {name}")
    gone = accepted.outlived(every, ran(accepted, linted), folders(asked))
    if not gone:
        return new
    if options.update_baseline is False or (options.update_baseline is None and _in_ci()):
        _say(options, f"{_counted(gone.total(), 'entry', 'entries')} of {name} no longer needed")
        return new
    accepted.accepted -= gone
    accepted.write()
    _say(options, f"{_counted(gone.total(), 'entry', 'entries')} removed from {name}")
    return new


def found(accepted: Baseline, linted: Linted) -> list[Found]:
    """All findings of a run in order of place, with what they are known by."""
    every = [
        baseline.Found(accepted.key(task.file, violation.code, text), violation)
        for task, result in zip(linted.tasks, linted.results, strict=True)
        for violation, text in zip(result.violations, result.texts, strict=True)
    ]
    return sorted(every, key=lambda one: one.violation)


def ran(accepted: Baseline, linted: Linted) -> dict[str, frozenset[str]]:
    """The codes that were looked for in each file, under its name in the baseline."""
    return {
        baseline.relative(accepted.file, task.file): _codes(task.settings, result)
        for task, result in zip(linted.tasks, linted.results, strict=True)
    }


def folders(asked: Project) -> list[str]:
    """The folders that were searched, by their absolute names."""
    here = Path.cwd()
    return [os.path.normpath(here / path) for path in asked.paths if Path(path).is_dir()]


def _codes(settings: Settings, result: Result) -> frozenset[str]:
    if result.failure is not None or any(one.code == UNREADABLE for one in result.violations):
        return frozenset()
    codes = {rule.code for rule in settings.rules}
    if settings.report_unused:
        codes.add(UNUSED)
    if settings.report_unreadable:
        codes.add(UNREADABLE)
    return frozenset(codes)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def _say(options: argparse.Namespace, sentence: str) -> None:
    if not options.quiet:
        note(sentence)


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"
