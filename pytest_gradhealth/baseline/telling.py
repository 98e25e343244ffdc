"""What a failed comparison with a golden profile says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_gradhealth.facts import Finding, Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_gradhealth.baseline.comparing import Change, Comparison
    from pytest_gradhealth.baseline.golden import Golden, GoldenLayer

_NAMED: Final = 3  # layers told by name


def missing(now: Golden, place: Path, accept: str) -> Finding:
    """There is no file.

    Args:
        now: The model's profile.
        place: Where the file belongs.
        accept: What writes it.
    """
    return Finding(
        symptom="baseline",
        where="",
        source="",
        measured=float(len(now.layers)),
        limit=0.0,
        unit="layers without a baseline",
        limit_name="",
        message="there is no gradient profile to compare with",
        observations=(
            ("Expected", str(place)),
            ("Write it", f"{accept}; then commit the file"),
        ),
    )


def finding(made: Comparison, place: Path, accept: str) -> Finding:
    """The profiles differ.

    Args:
        made: Their comparison.
        place: The file.
        accept: What writes it anew.
    """
    moved = made.moved
    worst = max(moved, key=_distance, default=None)
    observed = [] if worst is None else [("Worst", _told(worst)), ("Where", _where(made))]
    observed += [
        (label, _named(layers))
        for label, layers in (("Added", made.added), ("Removed", made.removed))
        if layers
    ]
    if made.renamed:
        pairs = [f"{one.was.path or '(model)'} to {one.now.path}" for one in made.renamed]
        observed.append(("Renamed", _listed(pairs)))
    observed += [("Baseline", str(place)), ("Accept", f"{accept}, if the change is meant")]
    return Finding(
        symptom="baseline",
        where="" if worst is None else moved[-1].now.path,
        source="",
        measured=1.0 if worst is None else worst.factor,
        limit=1.0 if worst is None else worst.allowed,
        unit="share of the last layer's gradient over that of the baseline",
        limit_name="",
        message=_headline(made),
        observations=tuple(observed),
        rows=tuple(
            Row(one.now.path or "(model)", one.now.weight, one.now.share, one.factor, one.is_moved)
            for one in made.changes
        )
        if moved
        else (),
    )


def _headline(made: Comparison) -> str:
    if made.moved:
        return (
            f"{len(made.moved)} of {len(made.changes)} layers get another share of the gradient "
            "than in the baseline"
        )
    told = []
    if made.added:
        told.append(f"{_counted(len(made.added))} not in the baseline")
    if made.removed:
        told.append(f"{_counted(len(made.removed))} in the baseline only")
    return ", ".join(told)


def _counted(count: int) -> str:
    return "1 layer is" if count == 1 else f"{count} layers are"


def _told(change: Change) -> str:
    now, was = change.now, change.was
    bound = change.allowed if change.factor > 1 else 1 / change.allowed
    return (
        f"{now.path or '(model)'} ({now.kind}): share {now.share:.1e}, was {was.share:.1e}: "
        f"x{change.factor:.2g} (limit x{bound:.2g})"
    )


def _where(made: Comparison) -> str:
    """The changed layer nearest to the loss, and whether what lies behind it is as it was."""
    last = made.moved[-1]
    behind = made.changes[made.changes.index(last) + 1 :]
    name = last.now.path or "the model itself"
    if not behind:
        return f"from {name}, the last layer, on"
    return f"from {name} on, back to the input; the {len(behind)} nearer the loss are as they were"


def _named(layers: Sequence[GoldenLayer]) -> str:
    return _listed([f"{layer.path or '(model)'} ({layer.kind})" for layer in layers])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _distance(change: Change) -> float:
    return max(change.factor, 1 / change.factor)
