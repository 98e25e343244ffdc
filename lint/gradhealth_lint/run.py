"""A run over many files: what is known already, the rest in as many processes as pay."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from gradhealth_lint import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.cache import Cache
    from gradhealth_lint.engine import Result
    from gradhealth_lint.task import Task

#: Up to so many files, processes of their own cost more than they save.
_FEW: Final = 12


def run(
    tasks: Sequence[Task],
    *,
    jobs: int | None = 1,
    cache: Cache | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Result]:
    """The result of every task, in their order; never raises for a file.

    ``jobs`` is how many processes may work, None for as many as there are cores. ``progress``
    hears how many files are done.
    """
    results: list[Result | None] = [None] * len(tasks)
    count = 0
    left: list[tuple[int, Task]] = []

    def done(index: int, task: Task, result: Result) -> None:
        nonlocal count
        results[index] = result
        count += 1
        if cache is not None and task.data is not None:
            cache.put(task, result)
        if progress is not None:
            progress(count)

    for index, given in enumerate(tasks):
        task = given if cache is None else _read(given, few=len(tasks) <= _FEW)
        known = None if cache is None or task.data is None else cache.get(task)
        if known is None:
            left.append((index, task))
        else:
            results[index] = known
            count += 1
    processes = _processes(jobs, len(left))
    if processes > 1:
        from gradhealth_lint import jobs as pool

        numbers = [index for index, _ in left]
        unknown = [task for _, task in left]
        pool.run(unknown, processes, lambda at, result: done(numbers[at], unknown[at], result))
    else:
        for index, task in left:
            done(index, task, engine.attempt(task.file, task.path, task.settings, task.data))
    if cache is not None:
        cache.save()
    return [result for result in results if result is not None]


def _read(task: Task, *, few: bool) -> Task:
    """The task with its bytes, if the cache is worth asking about them."""
    try:
        data = task.file.read_bytes()
    except OSError:
        return task  # the engine says why
    if few and not engine.needed(task.settings.rules, data):
        # Checking it costs less than loading the cache.
        return task
    return dataclasses.replace(task, data=data)


def _processes(jobs: int | None, files: int) -> int:
    if jobs is not None:
        return min(jobs, files)
    if files <= _FEW:
        return 1
    from gradhealth_lint.jobs import cores

    return min(cores(), files)
