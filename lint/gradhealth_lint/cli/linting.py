"""Linting the files that a command line names, as every command that needs findings does it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradhealth_lint import run
from gradhealth_lint.cli import project
from gradhealth_lint.rules import LISTED
from gradhealth_lint.selection import Choice
from gradhealth_lint.settings import Given, SettingsOf
from gradhealth_lint.task import Task

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gradhealth_lint.cache import Cache
    from gradhealth_lint.changed import Changed
    from gradhealth_lint.cli.project import Project
    from gradhealth_lint.engine import Result


@dataclass(frozen=True, slots=True)
class Linted:
    """The files of a run and what came of each, in the same order."""

    tasks: Sequence[Task]
    results: Sequence[Result]
    failures: Sequence[str]


def tasks(
    options: argparse.Namespace, asked: Project, changed: Changed | None = None
) -> list[Task]:
    """The files to check: those named, or what is on stdin; without those that did not change.

    Raises:
        UsageError: a path, a code, a configuration or the revision cannot be used.
    """
    settings = SettingsOf(LISTED, asked.configs, _given(options))
    if from_stdin(options, asked):
        path = options.stdin_filename or "-"
        file = Path.cwd() / path
        return [Task(file, path, settings.of(str(file)), sys.stdin.buffer.read())]
    return [
        Task(file, path, settings.of(str(file)))
        for file, path in asked.files()
        if changed is None or changed.has(str(file))
    ]


def from_stdin(options: argparse.Namespace, asked: Project) -> bool:
    """Whether what is checked is on stdin."""
    return options.stdin_filename is not None or "-" in asked.paths


def lint(options: argparse.Namespace, asked: Project, files: Sequence[Task]) -> Linted:
    """Check them."""
    from gradhealth_lint.cli.progress import Progress

    jobs = asked.config.jobs if options.jobs is None else options.jobs or None
    with Progress(len(files), quiet=options.quiet) as progress:
        results = run.run(files, jobs=jobs, cache=_cache(options, asked), progress=progress.show)
    failures = [result.failure for result in results if result.failure is not None]
    return Linted(files, results, [*asked.scope.failures, *failures])


def _given(options: argparse.Namespace) -> Given:
    choice = Choice(
        None if options.select is None else tuple(options.select),
        tuple(options.extend_select or ()),
        tuple(options.ignore or ()),
    )
    return Given(choice, options.require_ignore_reason)


def _cache(options: argparse.Namespace, asked: Project) -> Cache | None:
    if not project.either(options.cache, asked.config.cache):
        return None
    if from_stdin(options, asked):
        return None
    from gradhealth_lint import cache

    folder = asked.config.cache_dir or asked.config.root / cache.FOLDER
    return cache.Cache(Path(options.cache_dir) if options.cache_dir else folder, cache.stamp)
