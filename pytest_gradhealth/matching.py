"""``assert_matches_baseline``: every layer gets the gradient that it got when it was kept."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_gradhealth import message
from pytest_gradhealth.atomic import write_text
from pytest_gradhealth.baseline import files, telling
from pytest_gradhealth.baseline.comparing import Change, Comparison, compared
from pytest_gradhealth.baseline.golden import golden_of
from pytest_gradhealth.errors import ProbeError, TrainingError
from pytest_gradhealth.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torch import Tensor, nn

    from pytest_gradhealth.baseline.golden import Golden
    from pytest_gradhealth.facts import Finding

_FEWEST: Final = 2  # draws that have a deviation


def assert_matches_baseline(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    step: Callable[[Any, Any], Tensor] | None = None,
    path: str | Path,
    update: bool = False,
    accept: str = "update=True",
    ignore: Iterable[str] = (),
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Comparison:
    """Every layer gets the share of the gradient that it got when the baseline was written.

    What is compared is each layer's share of the last layer's gradient, by its ratio to the share
    that was kept. A layer that differs by more than ``baseline_factor``, and by more than the seeds
    do, is measured again with its weights in other orders before it is accused.

    Args:
        model: The model, made with a fixed seed if its weights are random.
        batch: See ``diagnose``; so are ``loss_fn`` and ``step``.
        loss_fn: The loss function.
        step: The training step.
        path: The baseline's file; the fixture has one for each test.
        update: Write the file where it is missing or no longer fits; nothing fails then.
        accept: What the message says to do in order to accept a change.
        ignore: ``fnmatch`` patterns of layers that are left out of the comparison.
        limits: Thresholds.
        seed: Of the first pass; every further one has the next.
        verbose: Show every row of the failure's table.

    Returns:
        Both profiles, layer by layer.

    Raises:
        GradientHealthError: There is no baseline, a layer's gradient has changed, or layers came or
            went.
        ProbeError: Nothing could be measured, or the file cannot be read.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.draws import seeded_passes

    limits, place = limits or Limits(), Path(path)
    kept = None if update and not place.exists() else _kept(place, accept, update=update)
    reports = seeded_passes(
        model, batch, loss_fn, step, seed=seed, count=max(1, limits.baseline_seeds)
    )
    now = golden_of(reports)
    patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    if kept is None and not update:
        raise _failed(telling.missing(now, place, accept), verbose=verbose)
    made = None if kept is None else compared(kept, now, limits, patterns)
    if kept is not None and made is not None and made.moved:
        from pytest_gradhealth.recorder.draws import redrawn_passes

        draws = redrawn_passes(model, batch, loss_fn, step, seed=seed, count=limits.baseline_draws)
        others = [compared(kept, golden_of([one]), limits, patterns) for one in draws]
        made = replace(made, changes=tuple(_confirmed(one, others, limits) for one in made.changes))
    if update:
        return _updated(now, made, place)
    assert made is not None
    made = replace(made, path=str(place))
    if not made.matches:
        raise _failed(telling.finding(made, place, accept), verbose=verbose)
    return made


def _kept(place: Path, accept: str, *, update: bool) -> Golden | None:
    try:
        return files.read(place, accept)
    except ProbeError:
        if update:
            return None  # what cannot be read is written anew
        raise


def _updated(now: Golden, made: Comparison | None, place: Path) -> Comparison:
    """The comparison after the file was written; one that still fits is left byte for byte."""
    if made is not None and made.matches and not made.renamed:
        return replace(made, path=str(place))
    try:
        write_text(place, now.to_json())
    except OSError as error:
        msg = f"the baseline cannot be written: {error}"
        raise ProbeError(msg) from error
    return replace(compared(now, now, Limits()), path=str(place), written=True)


def _confirmed(change: Change, others: Sequence[Comparison], limits: Limits) -> Change:
    """The change, allowed if other draws of the weights lie about the baseline."""
    far = limits.baseline_certain
    if not change.is_moved or not 1 / far <= change.factor <= far:
        return change
    logs = [
        math.log(other.factor)
        for comparison in others
        for other in comparison.changes
        if other.now.path == change.now.path
    ]
    if len(logs) < _FEWEST:
        return change
    reach = limits.baseline_deviations * statistics.stdev(logs)
    if abs(statistics.fmean(logs)) > math.log(limits.baseline_factor) + reach:
        return change
    return replace(change, allowed=far)


def _failed(finding: Finding, *, verbose: bool) -> TrainingError:
    return TrainingError(message.training(finding, verbose=verbose), finding)
