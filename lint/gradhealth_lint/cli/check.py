"""gradhealth-lint [check] PATHS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradhealth_lint.cli import linting, output, project
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, FINDINGS, complain, note

if TYPE_CHECKING:
    import argparse

    from gradhealth_lint.changed import Changed
    from gradhealth_lint.cli.linting import Linted
    from gradhealth_lint.cli.project import Project
    from gradhealth_lint.violation import Violation


def run(options: argparse.Namespace) -> int:
    """Lint what is named and print the findings."""
    output.check(options)
    asked = project.of(options)
    changed = _changed(options)
    files = linting.tasks(options, asked, changed)
    if options.show_files:
        sys.stdout.write("".join(f"{task.path}\n" for task in files))
        return CLEAN
    linted = linting.lint(options, asked, files)
    if options.diff:
        from gradhealth_lint.cli import fixes

        return fixes.show(options, asked, changed, linted)
    if options.fix:
        from gradhealth_lint.cli import fixes

        linted = fixes.make(options, asked, changed, linted)
        changed = _changed(options)  # lines have moved
    if options.verbose:
        _explain(linted)
    if options.add_ignore is not None:
        from gradhealth_lint.cli import ignoring

        return ignoring.run(linted, options.add_ignore, quiet=options.quiet)
    found = _new(options, asked, linted)
    if changed is not None:
        places = {task.path: str(task.file) for task in linted.tasks}
        found = [one for one in found if changed.touches(places[one.path], one)]
    if options.fix and linting.from_stdin(options, asked):
        from contextlib import redirect_stdout

        with redirect_stdout(sys.stderr):  # the text after its fixes is on stdout
            output.write(options, asked.config.output_format, found, linted)
    else:
        output.write(options, asked.config.output_format, found, linted)
    for failure in linted.failures:
        complain(failure)
    if linted.failures:
        return COULD_NOT_RUN
    return FINDINGS if found and not options.exit_zero else CLEAN


def _explain(linted: Linted) -> None:
    """Say what was not understood, and is therefore silent."""
    for task, result in zip(linted.tasks, linted.results, strict=True):
        for sentence in result.notes:
            note(f"{task.path}: {sentence}")


def _changed(options: argparse.Namespace) -> Changed | None:
    if options.diff_base is None:
        return None
    from gradhealth_lint.changed import Changed

    return Changed(options.diff_base)


def _new(options: argparse.Namespace, asked: Project, linted: Linted) -> list[Violation]:
    """The findings that no baseline hides, in order of place."""
    if options.baseline or (options.baseline is None and asked.config.baseline is not None):
        from gradhealth_lint.cli import accepted

        if (known := accepted.of(options, asked)) is not None:
            return accepted.hide(options, asked, known, linted)
    return sorted(one for result in linted.results for one in result.violations)
