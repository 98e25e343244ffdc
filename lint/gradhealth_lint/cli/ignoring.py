"""gradhealth-lint --add-ignore: today's findings silenced in the files themselves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gradhealth_lint import add_ignore, atomic, engine, rewriting, source
from gradhealth_lint.cli.console import CLEAN, COULD_NOT_RUN, FINDINGS, complain, note
from gradhealth_lint.selection import ENGINE_CODES

if TYPE_CHECKING:
    from gradhealth_lint.cli.linting import Linted
    from gradhealth_lint.engine import Result
    from gradhealth_lint.task import Task


def run(linted: Linted, reason: str, *, quiet: bool) -> int:
    """Write the comments; findings that stay are those no comment can silence."""
    written: Counter[str] = Counter()
    failures = list(linted.failures)
    left = 0
    for task, result in zip(linted.tasks, linted.results, strict=True):
        count = sum(one.code not in ENGINE_CODES for one in result.violations)
        left += len(result.violations) - count
        if count:
            failure = _write(task, result, reason)
            failures += [] if failure is None else [failure]
            written[task.path] += count if failure is None else 0
    if not quiet:
        note(f"{written.total()} findings in {len(+written)} files silenced by comments")
    for failure in failures:
        complain(failure)
    if failures:
        return COULD_NOT_RUN
    return FINDINGS if left else CLEAN


def _write(task: Task, result: Result, reason: str) -> str | None:
    """Write the comments of one file; why that could not be done."""
    if task.path.endswith(".ipynb"):
        return f"{task.path}: comments are not written into notebooks: use a baseline"
    try:
        before = task.file.read_bytes()
        read = source.from_bytes(before, task.path)
        silenced = add_ignore.add(read.text, result.violations, reason)
        after = rewriting.rewritten(before, read, silenced)
        again = engine.attempt(task.file, task.path, task.settings, after)
        codes = {one.code for one in again.violations} - set(ENGINE_CODES)
        if codes or again.failure is not None:
            return f"{task.path}: no comment can silence {', '.join(sorted(codes))} here"
        atomic.write(task.file, after, durable=True)
    except (OSError, UnicodeError, source.UnreadableError) as error:
        return f"{task.path}: cannot be written: {error}"
    return None
