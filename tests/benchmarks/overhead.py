"""The cost of a diagnosis as a table of ratios: ``python -m tests.benchmarks.overhead``.

Every way of looking at gradients runs in turns with the bare forward and backward pass, on one
thread. Processor time counts, since other work on the machine lengthens the wall clock alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from tests.benchmarks.memory import peak_bytes
from tests.benchmarks.problems import ARCHITECTURES, CHAINS
from tests.benchmarks.rounds import in_turns
from tests.benchmarks.ways import BARE, WAYS, Look, Way, built
from tests.faults.standard.entry import Standard
from tests.faults.subject import standard_subject


@dataclass(frozen=True, slots=True)
class Measured:
    """One problem, in multiples of its bare forward and backward pass.

    Attributes:
        name: Of the problem.
        milliseconds: Processor time of the bare pass.
        cpu: Processor time of each way, by name.
        wall: The same by the clock on the wall.
        memory: Peak of the tensors' memory of each way.
    """

    name: str
    milliseconds: float
    cpu: dict[str, float]
    wall: dict[str, float]
    memory: dict[str, float]


def installed_ways() -> tuple[Way, ...]:
    """The ways whose packages are there."""
    return tuple(way for way in WAYS if not way.missing())


def measure(problem: Standard, ways: Sequence[Way], rounds: int) -> Measured:
    """Every way on one problem, each with a model and a batch of its own."""
    looks: dict[str, Look] = {}
    for way in ways:
        looks[way.name] = way.prepare(built(standard_subject(problem)))
    times = in_turns(looks, rounds)
    bare = times[BARE.name]
    ratios = {name: spent.over(bare) for name, spent in times.items() if name != BARE.name}
    peaks = {name: peak_bytes(look) for name, look in looks.items()}
    return Measured(
        problem.name,
        1000 * statistics.median(bare.cpu),
        {name: cpu for name, (cpu, _) in ratios.items()},
        {name: wall for name, (_, wall) in ratios.items()},
        {name: peaks[name] / peaks[BARE.name] for name in ratios},
    )


def table(measured: Sequence[Measured]) -> str:
    """Processor time and memory in Markdown, a row a problem and the median under them."""
    names = list(measured[0].cpu)
    head = ["forward and backward", *names, *(f"memory, {name}" for name in names)]
    lines = [f"| | {' | '.join(head)} |", f"|{' --- |' * (len(head) + 1)}"]
    for one in measured:
        ratios = [*(one.cpu[name] for name in names), *(one.memory[name] for name in names)]
        lines.append(_row(one.name, f"{one.milliseconds:.0f} ms", ratios))
    lines.append(
        _row(
            "median",
            "",
            [
                statistics.median(one[name] for one in column)
                for column in ([m.cpu for m in measured], [m.memory for m in measured])
                for name in names
            ],
        )
    )
    return "\n".join(lines)


def _row(name: str, bare: str, ratios: Iterable[float]) -> str:
    return f"| {name} | {bare} | {' | '.join(f'{ratio:.2f}x' for ratio in ratios)} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the architectures, then the chains."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of every way (default 7)")
    parser.add_argument("names", nargs="*", help="parts of the problems' names (default: all)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for way in WAYS:
        if way.missing():
            print(f"without {way.name}: {way.missing()}", file=sys.stderr)
    for title, problems in (("Architectures", ARCHITECTURES), ("Chains", CHAINS)):
        chosen = [p for p in problems if not options.names or _is_meant(p.name, options.names)]
        if chosen:
            rows = []
            for problem in chosen:
                print(problem.name, file=sys.stderr, flush=True)
                rows.append(measure(problem, installed_ways(), options.rounds))
            print(f"### {title}\n\n{table(rows)}\n", flush=True)
    return 0


def _is_meant(name: str, parts: Sequence[str]) -> bool:
    return any(part in name for part in parts)


if __name__ == "__main__":
    raise SystemExit(main())
