"""The figures of the benchmarks mean what they say."""

from __future__ import annotations

import time

import pytest
import torch

from tests.benchmarks.memory import peak_bytes
from tests.benchmarks.overhead import Measured, table
from tests.benchmarks.rounds import Times, in_turns


def test_a_ratio_is_the_median_over_rounds() -> None:
    mine, other = Times([2.0, 9.0, 6.0], [4.0, 4.0, 4.0]), Times([1.0, 3.0, 1.0], [2.0, 1.0, 4.0])
    assert mine.over(other) == (3.0, 2.0)


def test_every_look_runs_once_a_round_and_once_before() -> None:
    seen: list[str] = []
    looks = {name: (lambda name=name: seen.append(name)) for name in "abc"}
    times = in_turns(looks, 2)
    assert seen == [*"abc", *"bca", *"cab"]
    assert all(len(spent.cpu) == len(spent.wall) == 2 for spent in times.values())


def test_sleep_costs_time_on_the_wall_alone() -> None:
    spent = in_turns({"sleep": lambda: time.sleep(0.05)}, 1)["sleep"]
    assert spent.wall[0] >= 0.05 > spent.cpu[0]


def test_the_peak_is_what_is_held_at_once() -> None:
    def one_after_the_other() -> None:
        for _ in range(3):
            torch.ones(2**20)

    def together() -> None:
        _kept = [torch.ones(2**20) for _ in range(3)]

    assert peak_bytes(one_after_the_other) == pytest.approx(2**22, rel=0.01)
    assert peak_bytes(together) == pytest.approx(3 * 2**22, rel=0.01)


def test_the_table_ends_with_medians() -> None:
    rows = [
        Measured(str(ratio), 10.0, {"ours": ratio}, {"ours": 1.0}, {"ours": 2 * ratio})
        for ratio in (1.0, 1.5, 4.0)
    ]
    lines = table(rows).splitlines()
    assert lines[2] == "| 1.0 | 10 ms | 1.00x | 2.00x |"
    assert lines[-1] == "| median |  | 1.50x | 3.00x |"
