"""The peak of memory that one look needs, beyond what was there before it."""

from __future__ import annotations

import torch
from torch.profiler import ProfilerActivity, profile

from tests.benchmarks.ways import Look


def peak_bytes(look: Look) -> int:
    """The most that torch's CPU allocator had given out at once during the look.

    Read off the profiler, which notes every allocation and every release, also inside operations
    and in the backward pass. Unlike the process's own peak it does not depend on what ran before.
    """
    assert not torch.is_inference_mode_enabled()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        look()
    results = profiler.profiler.kineto_results
    changes = [(e.start_ns(), e.nbytes()) for e in results.events() if e.name() == "[memory]"]
    held = peak = 0
    for _, change in sorted(changes, key=lambda change: change[0]):
        held += change
        peak = max(peak, held)
    return peak
