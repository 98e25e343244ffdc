"""Many files at once, in processes of their own.

Each process holds one file at a time, so that one that dies is known to have died of it; another
takes its place.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradhealth_lint import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from gradhealth_lint.engine import Result, Settings
    from gradhealth_lint.task import Task


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    #: The number of the task it is at.
    holds: int | None = None


def run(tasks: Sequence[Task], jobs: int, done: Callable[[int, Result], None]) -> None:
    """Lint files in this many processes; ``done`` hears of each result, by the task's number."""
    _Pool(tasks, jobs, done).run()


class _Pool:
    def __init__(
        self, tasks: Sequence[Task], jobs: int, done: Callable[[int, Result], None]
    ) -> None:
        self._tasks = tasks
        self._done = done
        self._settings = list({id(task.settings): task.settings for task in tasks}.values())
        self._numbers = {id(one): number for number, one in enumerate(self._settings)}
        # The largest first: one that is left to the end would keep all others waiting.
        order = sorted(range(len(tasks)), key=lambda index: -_size(tasks[index]))
        self._waiting = deque(order)
        self._jobs = min(jobs, len(tasks))
        self._context = _context()

    def run(self) -> None:
        workers: list[_Worker] = []
        try:
            for _ in range(self._jobs):
                workers.append(self._start())
                self._feed(workers[-1])
            while any(worker.holds is not None for worker in workers):
                for index in self._ready(workers):
                    workers[index] = self._answer(workers[index])
        finally:
            for worker in workers:
                if worker.holds is not None:
                    worker.process.terminate()
                worker.connection.close()
            for worker in workers:
                worker.process.join()

    def _ready(self, workers: Sequence[_Worker]) -> list[int]:
        """The numbers of the workers that have something to say, or have died."""
        busy = {
            worker.connection: i for i, worker in enumerate(workers) if worker.holds is not None
        }
        return [busy[one] for one in connection.wait(list(busy)) if one in busy]

    def _answer(self, worker: _Worker) -> _Worker:
        """Take a worker's result and give it the next task; a dead one is replaced."""
        index, worker.holds = worker.holds, None
        assert index is not None
        try:
            result = worker.connection.recv()
        except (EOFError, OSError):
            worker.connection.close()
            worker.process.join()
            path = self._tasks[index].path
            died = _reason(worker.process.exitcode)
            result = engine.Result(failure=f"{path}: the process that checked it died: {died}")
            worker = self._start() if self._waiting else worker
        self._done(index, result)
        self._feed(worker)
        return worker

    def _feed(self, worker: _Worker) -> None:
        if self._waiting:
            worker.holds = self._waiting.popleft()
            task = self._tasks[worker.holds]
            number = self._numbers[id(task.settings)]
            worker.connection.send((str(task.file), task.path, number, task.data))

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(  # type: ignore[attr-defined]
            target=_work, args=(theirs, ours, self._settings), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)


def _work(tasks: Connection, others: Connection, settings: Sequence[Settings]) -> None:
    """What a process does until nobody gives it more.

    A fork has the other end of its own pipe as well, and while that is open, would wait for ever.
    """
    others.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            file, path, number, data = tasks.recv()
        except (EOFError, OSError):
            return
        tasks.send(engine.attempt(Path(file), path, settings[number], data))


def _context() -> BaseContext:
    """A fork costs nothing and shares what is loaded; where it is not safe, a fresh start."""
    if sys.platform == "linux" and threading.active_count() == 1:
        # What every process needs, loaded once.
        import gradhealth_lint.semantics.reader  # noqa: F401

        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _size(task: Task) -> int:
    if task.data is not None:
        return len(task.data)
    try:
        return task.file.stat().st_size
    except OSError:
        return 0


def _reason(code: Any) -> str:
    if isinstance(code, int) and code < 0:
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"exit code {code}"


def cores() -> int:
    """How many processes can work at once."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1
