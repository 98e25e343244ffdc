"""gradhealth-lint baseline PATHS."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gradhealth_lint import baseline
from gradhealth_lint.cli import accepted, linting, project
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, complain, note

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Accept today's findings; what is known of files that were not checked stays."""
    asked = project.of(options)
    given = options.output or options.baseline
    configured = asked.config.baseline or asked.config.root / baseline.NAME
    file = Path.cwd() / given if given else configured
    earlier = baseline.read(file) if file.exists() else baseline.Baseline(file, {})
    linted = linting.lint(options, asked, linting.tasks(options, asked))
    every = accepted.found(earlier, linted)
    checked = {baseline.relative(file, task.file) for task in linted.tasks}
    kept = Counter(
        {
            key: count
            for key, count in earlier.accepted.items()
            if key.path not in checked and (file.parent / key.path).exists()
        }
    )
    baseline.Baseline(file, kept + Counter(one.key for one in every)).write()
    if not options.quiet:
        files = len({one.violation.path for one in every})
        note(f"{len(every)} findings in {files} files accepted in {os.path.relpath(file)}")
    for failure in linted.failures:
        complain(failure)
    return COULD_NOT_RUN if linted.failures else CLEAN
