"""gradhealth-lint --fix and --diff."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from gradhealth_lint import atomic, engine, fixing, rewriting, source
from gradhealth_lint.cli import accepted, linting
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, FINDINGS, complain, note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gradhealth_lint.changed import Changed
    from gradhealth_lint.cli.linting import Linted
    from gradhealth_lint.cli.project import Project
    from gradhealth_lint.source import Source
    from gradhealth_lint.task import Task
    from gradhealth_lint.violation import Violation


class _Fixes:
    """The fixes of a run: of the findings that it would report, and no others."""

    def __init__(
        self, options: argparse.Namespace, asked: Project, changed: Changed | None, linted: Linted
    ) -> None:
        self._unsafe = options.unsafe_fixes
        self._linted = linted
        self._known = accepted.of(options, asked)
        self._changed = changed
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def texts(self) -> Iterator[tuple[Task, bytes, Source, str]]:
        """Every file that a fix changes: its bytes, its source, and its text after."""
        reported = set(self._reported(self._linted))
        # Without a baseline and a revision, what comes to light by a fix is fixed as well.
        every = self._known is None and self._changed is None
        for task, result in zip(self._linted.tasks, self._linted.results, strict=True):
            found = {n: one for n, one in enumerate(result.violations) if one in reported}
            if not any(fixing.can_be_made(one, unsafe=self._unsafe) for one in found.values()):
                continue
            try:
                before = engine.read_bytes(task.file) if task.data is None else task.data
                read = source.from_bytes(before, task.path)
                only = None if every else found.keys()
                fixed = fixing.fix(read, task.settings, unsafe=self._unsafe, only=only)
            except source.UnreadableError as error:
                self.failures.append(f"{task.path}: cannot be fixed: it {error.reason}")
            except Exception as error:  # a fault of ours must not hide the other files
                kind = type(error).__name__
                self.failures.append(f"{task.path}: internal error: {kind}: {error}")
            else:
                if fixed.text != read.text:
                    self.counts[task.path] += sum(fixed.counts.values())
                    yield task, before, read, fixed.text

    def say(self, done: str, left: Linted | None) -> None:
        """Say what was fixed, and what can be with another option."""
        if findings := self.counts.total():
            files = len(self.counts)
            count = f"{findings} finding{'s' if findings > 1 else ''}"
            note(f"{count} {done} in {files} file{'s' if files > 1 else ''}")
        reported = () if left is None or self._unsafe else self._reported(left)
        if unsafe := sum(one.fix is not None for one in reported):
            note(f"{unsafe} more can be fixed with --unsafe-fixes")

    def _reported(self, linted: Linted) -> list[Violation]:
        """The findings that neither the baseline nor the revision hides."""
        if self._known is None:
            found = [one for result in linted.results for one in result.violations]
        else:
            found = self._known.new(accepted.found(self._known, linted))
        if self._changed is None:
            return found
        places = {task.path: str(task.file) for task in linted.tasks}
        return [one for one in found if self._changed.touches(places[one.path], one)]


def make(
    options: argparse.Namespace, asked: Project, changed: Changed | None, linted: Linted
) -> Linted:
    """Write fixes into the files, and check them again; of stdin, print the text after them."""
    fixes = _Fixes(options, asked, changed, linted)
    tasks = {task.path: task for task in linted.tasks}
    for task, before, read, fixed in fixes.texts():
        done = _written(task, before, read, fixed)
        if isinstance(done, str):
            fixes.failures.append(f"{task.path}: cannot be fixed: {done}")
            del fixes.counts[task.path]
        else:
            tasks[task.path] = done
    after_all = linting.lint(options, asked, list(tasks.values())) if fixes.counts else linted
    if linting.from_stdin(options, asked):
        for task in tasks.values():
            sys.stdout.flush()
            sys.stdout.buffer.write(task.data or b"")
    if not options.quiet:
        # The lines of a revision's changes are not those of the files any more.
        fixes.say("fixed", after_all if changed is None else None)
    return replace(after_all, failures=[*after_all.failures, *fixes.failures])


def show(
    options: argparse.Namespace, asked: Project, changed: Changed | None, linted: Linted
) -> int:
    """Print what --fix would change; nothing is written."""
    from difflib import unified_diff

    fixes = _Fixes(options, asked, changed, linted)
    for task, _, read, fixed in fixes.texts():
        for path, before, after in _shown(task.path, read, fixed):
            for line in unified_diff(_lines(before), _lines(after), path, path):
                ended = line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
                sys.stdout.write(ended)
    if not options.quiet:
        fixes.say("would be fixed", linted)
    failures = [*linted.failures, *fixes.failures]
    for failure in failures:
        complain(failure)
    if failures:
        return COULD_NOT_RUN
    return FINDINGS if fixes.counts and not options.exit_zero else CLEAN


def _shown(path: str, read: Source, fixed: str) -> Iterator[tuple[str, str, str]]:
    """What a diff is of: the file, or each cell of it that changes."""
    if not read.cells:
        yield path, read.text, fixed
        return
    from gradhealth_lint.notebooks import writing

    for cell, before, after in writing.changed(read.cells, read.text, fixed):
        yield f"{path}:cell {cell}", before, after


def _written(task: Task, before: bytes, read: Source, fixed: str) -> Task | str:
    """Replace a file's contents in one step; the file as it is now, or why that was not done."""
    try:
        after = rewriting.rewritten(before, read, fixed)
        if task.data is not None:
            return replace(task, data=after)
        if not os.access(task.file, os.W_OK):
            return "it is read-only"
        atomic.write(task.file, after, durable=True)
    except OSError as error:
        return error.strerror or str(error)
    except UnicodeError as error:
        return str(error)
    return task


def _lines(text: str) -> list[str]:
    """Lines as tools for patches see them: a carriage return is part of one."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *lines[-1:][: bool(lines[-1])]]
