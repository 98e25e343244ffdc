"""Records of what happens inside layers: activations, gates, time steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from pytest_gradhealth.facts import ActivationRecord, LayerRecord, RecurrenceRecord
from pytest_gradhealth.recorder.activations import Seen
from pytest_gradhealth.recorder.modules import source_of
from pytest_gradhealth.recorder.over import Pass
from pytest_gradhealth.recorder.recurrence import gain


def activation_record(
    done: Pass, seen: Seen, tickets: tuple[int | None, int | None, int]
) -> ActivationRecord:
    """One activation function, with its numbers from the tickets of ``Seen.tickets``."""
    calls, where = done.trace.calls, done.positions
    dead, flat, units = tickets
    feeds_from = "" if seen.feeds_from is None else calls[seen.feeds_from].path
    own = None if seen.position is None else calls[seen.position]
    is_leaf = own is not None and not any(True for _ in own.module.children())
    rank = done.graph.rank[seen.node]
    if not feeds_from:  # no layer before it: inside the first one, such as a cell's first step
        around = where.next_on_trunk(rank, -1)
        feeds_from = "" if around is None else calls[around].path
    path = own.path if own is not None and is_leaf and not own.module._parameters else feeds_from
    return ActivationRecord(
        kind=seen.kind,
        path=path,
        feeds_from=feeds_from,
        source=source_of(done.modules, path),
        units=units,
        observations=seen.observations,
        dead=None if dead is None else round(done.pending.number(dead)),
        flat=done.pending.measured(flat),
        sole_way=seen.feeds_from is not None and where.crosses(calls[seen.feeds_from], rank),
        on_trunk=rank in where.trunk,
        last=where.depths[rank] == 0,
    )


def gate_records(
    done: Pass, recurrent: list[tuple[int | None, int | None]]
) -> Iterator[ActivationRecord]:
    """The gates of fused kernels, which the graph does not show."""
    for recurrence, (_, flat) in zip(done.trace.recurrences, recurrent, strict=True):
        if flat is None:
            continue
        yield ActivationRecord(
            kind="gate",
            path=recurrence.path,
            feeds_from=recurrence.path,
            source=source_of(done.modules, recurrence.path),
            units=recurrence.units,
            observations=0,
            dead=None,
            flat=done.pending.measured(flat),
            sole_way=True,
            on_trunk=False,
            last=False,
        )


def fused_recurrences(
    done: Pass, recurrent: list[tuple[int | None, int | None]]
) -> Iterator[RecurrenceRecord]:
    """Recurrent modules, by the gradient at the steps of their input."""
    for recurrence, (ticket, _) in zip(done.trace.recurrences, recurrent, strict=True):
        profile = [] if ticket is None else done.pending.numbers(ticket)
        kind = type(recurrence.module).__name__
        yield from _recurrence(recurrence.path, kind, profile)


def unrolled_recurrences(layers: tuple[LayerRecord, ...]) -> Iterator[RecurrenceRecord]:
    """Weighted modules called step after step: a cell in a loop, a shared layer."""
    calls: dict[str, list[LayerRecord]] = {}
    for layer in layers:
        if layer.weighted:
            calls.setdefault(layer.path, []).append(layer)
    for path, made in calls.items():
        reached = [call for call in made if call.gradient_norm is not None]
        if not reached or made[-1].gradient_norm is None:
            continue  # what the loss does not see last is no chain of steps to it
        in_a_row = all(a.depth != b.depth for a, b in pairwise(reached))
        if in_a_row:
            cut_off = next(i for i, call in enumerate(made) if call in reached)
            profile = [call.gradient_norm or 0.0 for call in made]
            yield from _recurrence(path, made[0].kind, profile, cut_off)


def _recurrence(
    path: str, kind: str, profile: list[float], cut_off: int = 0
) -> Iterator[RecurrenceRecord]:
    gained = gain(profile)
    if gained is not None and all(map(math.isfinite, profile)):
        largest = max(profile)
        shares = tuple(value / largest for value in profile)
        yield RecurrenceRecord(path, kind, len(profile), *gained, shares, cut_off)
