"""``assert_balanced_losses``: every term of a loss has a say in the parameters they share."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pytest_gradhealth.facts import Finding, Row
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from torch import nn

    from pytest_gradhealth.facts.balance import Balance

_NAMED = 3  # pairs told


def assert_balanced_losses(
    model: nn.Module,
    batch: Any,
    losses: Callable[[Any, Any], Mapping[str, Any]] | None = None,
    *,
    ignore: Iterable[str] = (),
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Balance:
    """Every term of the loss gives the parameters that terms share some of their gradient.

    A term whose weight was lost, that is a thousand times smaller than the others or that is cut
    off from the model is minimised by nobody, however long the training is (Chen et al. 2018,
    GradNorm, arXiv 1711.02257, section 3). Terms that pull in opposite directions (Yu et al. 2020,
    PCGrad, arXiv 2001.06782, section 2.1) are told; they fail only by a limit of the user's, since
    tasks that are learned together do conflict.

    Args:
        model: The model.
        batch: See ``diagnose``.
        losses: ``losses(model, batch)`` returns every term under its name, weighted as it is added
            up in training. By default the terms in the model's own output: the scalars with "loss"
            in their names.
        ignore: ``fnmatch`` patterns of terms that may be small, such as one that is warmed up.
        limits: Thresholds.
        seed: Of the first pass; a failure is confirmed with two more.
        verbose: Show every row of the failure's table.

    Returns:
        Every term's share, and how the terms' gradients lie to each other.

    Raises:
        GradientHealthError: A term has next to no gradient, or two of them conflict by more than
            ``balance_conflict``.
        ProbeError: There are fewer than two terms, or one is no finite number.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.terms import terms_of

    limits = limits or Limits()
    patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    with terms_of(model, batch, losses) as measure:
        made = measure(seed)
        small, opposed = _small(made, limits, patterns), _opposed(made, limits, patterns)
        for other in range(seed + 1, seed + 1 + limits.confirmation_seeds):
            if not small and not opposed:
                break
            again = measure(other)
            small &= _small(again, limits, patterns)
            opposed &= _opposed(again, limits, patterns)
    if small:
        raise failed(_unbalanced(made, small, limits), verbose=verbose)
    if opposed:
        raise failed(_conflict(made, opposed, limits), verbose=verbose)
    return made


def _small(made: Balance, limits: Limits, patterns: tuple[str, ...]) -> set[str]:
    """Terms without a say: none in any parameter, or too little in every shared one."""
    return {
        term.name
        for term in made.terms
        if not any(fnmatchcase(term.name, pattern) for pattern in patterns)
        and (not term.reaches or (term.reaches_shared and term.best < limits.balance_share))
    }


def _opposed(made: Balance, limits: Limits, patterns: tuple[str, ...]) -> set[tuple[str, str]]:
    return {
        (one, other)
        for one, other, cosine in made.cosines
        if -cosine > limits.balance_conflict
        and not any(fnmatchcase(name, p) for name in (one, other) for p in patterns)
    }


def _unbalanced(made: Balance, small: set[str], limits: Limits) -> Finding:
    worst = min((term for term in made.terms if term.name in small), key=lambda term: term.best)
    largest = max(made.terms, key=lambda term: term.norm)
    if not worst.reaches:
        message = f"the term {worst.name!r} gives no parameter any gradient"
        tell = ("Where", "it is cut off from the model, or its weight is 0")
    else:
        message = (
            f"the term {worst.name!r} has at most {worst.best:.1e} of the gradient that "
            f"others give a shared parameter (limit {limits.balance_share:.0e})"
        )
        times = largest.norm / worst.norm if worst.norm else float("inf")
        tell = (
            "Measured",
            f"{largest.name!r} gives the {len(made.shared)} shared parameters x{times:.1e} of that",
        )
    return Finding(
        symptom="unbalanced",
        where=worst.name,
        source="",
        measured=worst.best,
        limit=limits.balance_share,
        unit="part of a shared parameter's gradient, over the largest term's",
        limit_name="",
        message=message,
        observations=(
            tell,
            *_told(made),
            ("Confirmed", f"with {limits.confirmation_seeds} more seeds"),
            ("Accept", f'ignore=["{worst.name}"] if that is meant'),
        ),
        rows=_rows(made, small),
    )


def _conflict(made: Balance, opposed: set[tuple[str, str]], limits: Limits) -> Finding:
    one, other, cosine = min(
        (pair for pair in made.cosines if pair[:2] in opposed), key=lambda pair: pair[2]
    )
    return Finding(
        symptom="unbalanced",
        where=one,
        source="",
        measured=cosine,
        limit=-limits.balance_conflict,
        unit="cosine of the angle between two terms' gradients",
        limit_name="",
        message=(
            f"the gradients of {one!r} and {other!r} have a cosine of {cosine:.2f} "
            f"(limit {-limits.balance_conflict:.2f})"
        ),
        observations=(
            *_told(made),
            ("Confirmed", f"with {limits.confirmation_seeds} more seeds"),
            ("Accept", f'ignore=["{one}"], or a higher balance_conflict'),
        ),
        rows=_rows(made, {one, other}),
    )


def _told(made: Balance) -> list[tuple[str, str]]:
    """Which terms share nothing, and which pull against each other."""
    alone = [repr(term.name) for term in made.terms if term.reaches and not term.reaches_shared]
    told = [("Alone", f"{', '.join(alone)}: shares no parameter with another")] if alone else []
    against = sorted((pair for pair in made.cosines if pair[2] < 0), key=lambda pair: pair[2])
    if against:
        pairs = [f"{one!r} and {other!r} {cosine:.2f}" for one, other, cosine in against]
        told.append(("Conflict", f"cosine of {', '.join(pairs[:_NAMED])}"))
    return told


def _rows(made: Balance, failing: set[str]) -> tuple[Row, ...]:
    return tuple(
        Row(term.name, (), term.norm, term.share, failing=term.name in failing)
        for term in made.terms
    )
