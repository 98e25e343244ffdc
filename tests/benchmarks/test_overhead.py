"""What a diagnosis costs against the bare pass and against what one would run instead.

``make bench`` prints the ways side by side, one group a problem; no time ever fails a test.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.memory import peak_bytes
from tests.benchmarks.problems import ARCHITECTURES, CHAINS
from tests.benchmarks.ways import OURS, WAYS, Way, built
from tests.faults.standard.entry import Standard
from tests.faults.subject import standard_subject

PROBLEMS = {problem.name: problem for problem in (*ARCHITECTURES, *CHAINS)}
QUICK = {ARCHITECTURES[0].name, CHAINS[0].name}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("name", PROBLEMS)
def test_overhead(benchmark: Any, name: str, way: Way) -> None:
    if way.missing():
        pytest.skip(way.missing())
    if benchmark.disabled and not (way is OURS and name in QUICK):
        pytest.skip("runs in make bench")
    problem: Standard = PROBLEMS[name]
    look = way.prepare(built(standard_subject(problem)))
    benchmark.group = name
    benchmark.pedantic(look, rounds=5, warmup_rounds=1)
    if not benchmark.disabled:
        benchmark.extra_info["peak_bytes"] = peak_bytes(look)
