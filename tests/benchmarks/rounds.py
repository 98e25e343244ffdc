"""Several looks at one model, in turns, so that what else the machine does meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.benchmarks.ways import Look


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds a round, of the process's own CPU time and by the clock on the wall."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def over(self, base: Times) -> tuple[float, float]:
        """CPU and wall time in multiples of another's of the same round, medians over rounds."""
        return _ratio(self.cpu, base.cpu), _ratio(self.wall, base.wall)


def _ratio(times: list[float], base: list[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(times, base, strict=True))


def in_turns(looks: Mapping[str, Look], rounds: int) -> dict[str, Times]:
    """Time every look once a round, after one that does not count.

    Each starts behind another one in the next round: what one leaves in caches and in the
    allocator is another's gain or loss.
    """
    times = {name: Times() for name in looks}
    names = list(looks)
    for turn in range(rounds + 1):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            looks[name]()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if turn:
                times[name].cpu.append(cpu)
                times[name].wall.append(wall)
    return times
