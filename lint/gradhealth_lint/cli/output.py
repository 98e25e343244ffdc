"""Where the findings of a run go."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gradhealth_lint import formats
from gradhealth_lint.cli import colour
from gradhealth_lint.errors import UsageError
from gradhealth_lint.formats.format import Context

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gradhealth_lint.cli.linting import Linted
    from gradhealth_lint.task import Task
    from gradhealth_lint.violation import Violation


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot be written, before the work is done.

    Raises:
        UsageError: counts are asked for in a format that has none.
    """
    if options.statistics and options.output_format not in {None, *formats.LISTINGS}:
        valid = " or ".join(formats.LISTINGS)
        raise UsageError(f"--statistics: counts are written as {valid}")


def write(
    options: argparse.Namespace,
    configured: str | None,
    found: Sequence[Violation],
    linted: Linted,
) -> None:
    """Print the findings, or write them to a file.

    Raises:
        UsageError: the file cannot be written.
    """
    name = options.output_format or configured or "text"
    stream = sys.stdout if options.output_file is None else None
    if options.statistics:
        from gradhealth_lint.formats import counts

        text = counts.as_json(found) if name == "json" else counts.as_text(found)
    else:
        context = _context(found, linted, colour=colour.wanted(options.color, stream))
        text = formats.load(name).violations(found, context)
    if stream is None:
        _to_file(Path(options.output_file), text)
    else:
        sys.stdout.write(text)


def _context(found: Sequence[Violation], linted: Linted, *, colour: bool) -> Context:
    if not found:
        return Context(colour=colour, failures=linted.failures)
    from gradhealth_lint.formats.source_lines import SourceLines

    tasks = {task.path: task for task in linted.tasks}
    lines = SourceLines(lambda path: _bytes(tasks[path]))
    return Context(colour, lines.of, linted.failures)


def _bytes(task: Task) -> bytes:
    return task.file.read_bytes() if task.data is None else task.data


def _to_file(file: Path, text: str) -> None:
    """Write a file in one step; what is no regular file, as /dev/stdout, is written to."""
    from gradhealth_lint import atomic

    data = text.encode("utf-8", "backslashreplace")
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
        else:
            atomic.write(file, data)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"--output-file {file}: cannot be written: {reason}") from None
