"""Records of what happens inside layers: activations, gates, time steps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pytest_gradhealth.facts import ActivationRecord, LayerRecord, RecurrenceRecord
from pytest_gradhealth.recorder.activations import Seen
from pytest_gradhealth.recorder.modules import source_of
from pytest_gradhealth.recorder.over import Pass
from pytest_gradhealth.recorder.recurrence import gain

_FADED = 1e-6  # of the largest gradient of a step
_DECIDES = 4.0  # times as large as the nearest layer's output


def activation_record(
    done: Pass,
    seen: Seen,
    tickets: tuple[int | None, int | None, int],
    sizes: Sequence[float],
) -> ActivationRecord:
    """One activation function.

    Args:
        done: The pass.
        seen: What it showed.
        tickets: Of ``Seen.tickets``.
        sizes: Root mean square of every call's output.
    """
    calls, where = done.trace.calls, done.positions
    dead, flat, units = tickets
    feeding = _largest(seen, sizes)
    feeds_from = "" if feeding is None else calls[feeding].path
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
        sole_way=feeding is not None and where.crosses(calls[feeding], rank),
        on_trunk=rank in where.trunk,
        last=where.depths[rank] == 0,
    )


def _largest(seen: Seen, sizes: Sequence[float]) -> int | None:
    """Of the layers whose sum goes in the nearest, unless another decides what the sum is."""
    nearest = seen.feeds_from
    if nearest is None or len(seen.added) < 2:  # noqa: PLR2004  # a sum has two
        return nearest
    largest = max(seen.added, key=sizes.__getitem__)
    return largest if sizes[largest] > _DECIDES * sizes[nearest] else nearest


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


def reach_record(done: Pass, ticket: int | None) -> RecurrenceRecord | None:
    """The steps of the batch's sequence, by the gradient at the first layer that sees them."""
    reach = done.trace.reach
    profile = [] if ticket is None else done.pending.numbers(ticket)
    if reach is None or not any(profile) or not all(map(math.isfinite, profile)):
        return None
    call, largest = done.trace.calls[reach.position], max(profile)
    shares = tuple(value / largest for value in profile)
    last = max(profile[-1], _FADED * largest)
    return RecurrenceRecord(
        path=call.path,
        kind=type(call.module).__name__,
        steps=len(profile),
        gain_per_step=(max(profile[0], 0.0) / last) ** (1 / (len(profile) - 1)),
        range=largest / last,
        shares=shares,
        cut_off=_cut_off(shares),
        cut_behind=_cut_off(shares[::-1]),
    )


def _cut_off(shares: Sequence[float]) -> int:
    """A gradient that fades is small before it is zero; one that is cut is not."""
    first = next(i for i, share in enumerate(shares) if share)
    return 0 if shares[first] < _FADED else first


def _recurrence(
    path: str, kind: str, profile: list[float], cut_off: int = 0
) -> Iterator[RecurrenceRecord]:
    gained = gain(profile)
    if gained is not None and all(map(math.isfinite, profile)):
        largest = max(profile)
        shares = tuple(value / largest for value in profile)
        yield RecurrenceRecord(path, kind, len(profile), *gained, shares, cut_off)
