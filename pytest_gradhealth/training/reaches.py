"""``assert_reaches``: gradients go as far back over a sequence as they should, and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pytest_gradhealth.errors import ProbeError
from pytest_gradhealth.facts import Finding, Reaching, Row
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed, where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn

    from pytest_gradhealth.facts import Origin

FUTURE: Final = "future"


def assert_reaches(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    source: int | None = 0,
    target: int = -1,
    never: Literal["future"] | Sequence[tuple[int, int]] = (),
    dim: int | None = None,
    input_name: str = "",
    output_name: str = "",
    step: Callable[[Any, Any], Tensor] | None = None,
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Reaching:
    """The gradient from one position of the output goes back to one position of the input.

    By default from the last to the first: what a state that is detached between chunks, a window or
    a receptive field that is shorter than it is thought does not let through. ``never`` is the
    other way round: positions that must not be reached, such as those a causal mask hides.

    Args:
        model: The model, in the mode it is to be judged in.
        batch: See ``diagnose``.
        loss_fn: Only tells that the last item of a tuple is a target.
        source: Position of the input that must be reached, negative from the end; ``None`` for
            none.
        target: Position of the output that it is reached from. An output without such an axis,
            such as one class a sample, has one position.
        never: ``"future"``: no position of the output has a gradient to a later position of the
            input. Or pairs ``(target, source)`` that must have none.
        dim: The axis of the positions in the input. By default the one after the samples, and the
            last where a one-dimensional convolution takes its channels from that.
        input_name: Which input, where there are several: the model's keyword or its place.
        output_name: Which output; by default the first that is no single number.
        step: The training step, ``step(model, batch) -> scalar loss``; it calls the model.
        limits: Thresholds.
        seed: Of the first pass; a failure is confirmed with two more.
        verbose: Show every row of the failure's table.

    Returns:
        What was measured.

    Raises:
        GradientHealthError: A position is not reached, or one is that must not be.
        ProbeError: There is no such position, or no telling which axis or input is meant.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.reaching import Sought, looking

    limits = limits or Limits()
    pairs = () if never == FUTURE else tuple((int(one), int(other)) for one, other in never)
    if source is None and not never:
        msg = "nothing to look at: pass source=, or never="
        raise ProbeError(msg)
    targets = (*(() if source is None else (target,)), *(one for one, _ in pairs))
    most = limits.reach_positions if never == FUTURE else 0
    seeds = range(seed + 1, seed + 1 + limits.confirmation_seeds)
    sought = Sought(dim, input_name, output_name, targets, most)
    with looking(model, batch, loss_fn, step, sought) as look:
        made = look(seed)
        hidden = _hidden(made, never == FUTURE, pairs)
        leaks = _leaks(made, hidden, limits)
        for other in seeds if leaks else ():
            leaks = _leaks(look(other), leaks, limits)
        if leaks:
            worst = max(leaks, key=lambda pair: made.share(*pair))
            origin = look.leak(made, worst[1], seed)
            raise failed(_leaking(made, worst, len(leaks), origin, limits), verbose=verbose)
        if source is not None:
            pair = _position(target, made.targets), _place(source, made)
            best = made
            for other in seeds if best.share(*pair) <= limits.reach_share else ():
                best = max(best, look(other), key=lambda one: one.share(*pair))
            if best.share(*pair) <= limits.reach_share:
                best = look.cut(best, *pair, seed)
                raise failed(_unreached(best, pair, limits), verbose=verbose)
    return made


def _position(number: int, count: int) -> int:
    return number % count


def _place(number: int, made: Reaching) -> int:
    """A position of the input, counted from its start.

    Raises:
        ProbeError: There is none.
    """
    if not -made.sources <= number < made.sources:
        msg = f"{made.given} has {made.sources} positions, so there is no position {number}"
        raise ProbeError(msg)
    return number % made.sources


def _hidden(
    made: Reaching, future: bool, pairs: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The pairs that must have no gradient.

    Raises:
        ProbeError: There is nothing that could be seen.
    """
    if future and made.targets != made.sources:
        msg = (
            f"never='future' takes an output with a position for each of the {made.sources} of "
            f"{made.given}; {made.returned} has {made.targets}"
        )
        raise ProbeError(msg)
    if future:
        hidden = [(t, s) for t in made.looked for s in range(t + 1, made.sources)]
    else:
        hidden = [(_position(t, made.targets), _place(s, made)) for t, s in pairs]
    if hidden and not any(any(row) for row in made.shares):
        msg = f"no finite gradient goes from {made.returned} to {made.given} at all"
        raise ProbeError(msg)
    return hidden


def _leaks(
    made: Reaching, pairs: Sequence[tuple[int, int]], limits: Limits
) -> list[tuple[int, int]]:
    return [pair for pair in pairs if made.share(*pair) > limits.leak_share]


def _leaking(
    made: Reaching, pair: tuple[int, int], count: int, origin: Origin, limits: Limits
) -> Finding:
    target, source = pair
    share = made.share(target, source)
    row = made.shares[made.looked.index(target)]
    return Finding(
        symptom="leak",
        where=origin.path,
        source=origin.source,
        measured=share,
        limit=limits.leak_share,
        unit="gradient at a position that must not be reached, over the largest at any",
        limit_name="",
        message=(
            f"position {target} of {made.returned} has a gradient to position {source} of "
            f"{made.given}: {share:.2g} of its largest (limit {limits.leak_share:g})"
        ),
        observations=(
            ("Where", where(origin, "earlier positions first see it in")),
            ("Observed", f"{count} such pairs in all, confirmed with 2 more seeds"),
            ("Try", "look there for a missing mask, a norm or pooling over time, a shift too many"),
            ("Accept", "leave never= out where outputs may look ahead"),
        ),
        rows=tuple(
            Row(str(s), (), 0.0, row[s], failing=s > target and row[s] > limits.leak_share)
            for s in _near(made, target, source)
        ),
    )


def _unreached(made: Reaching, pair: tuple[int, int], limits: Limits) -> Finding:
    target, source = pair
    row = made.shares[made.looked.index(target)]
    share = row[source]
    measured = f"only {share:.1e} of the largest" if share else "no gradient"
    named = f"position {target} of {made.returned}" if made.targets > 1 else made.returned
    reached = [s for s, one in enumerate(row) if one > limits.reach_share]
    span = f"positions {reached[0]} to {reached[-1]} of {made.sources}" if reached else "none"
    return Finding(
        symptom="unreached",
        where="",
        source="",
        measured=share,
        limit=limits.reach_share,
        unit="gradient at the position asked for, over the largest at any",
        limit_name="reach_share" if share else "",
        message=f"{measured} goes from {named} back to position {source} of {made.given}",
        observations=(
            ("Reached", span),
            ("Where", _why(made, share)),
            ("Confirmed", f"with {limits.confirmation_seeds} more seeds"),
            *([("Accept", f"source={reached[0]}, if that is far enough")] if reached else []),
        ),
        rows=tuple(
            Row(str(s), (), 0.0, row[s], failing=s == source)
            for s in _near(made, source, *reached[:1])
        ),
    )


def _near(made: Reaching, *positions: int) -> list[int]:
    """The ends of the input and what lies around some positions."""
    around = {p + step for p in positions for step in (-1, 0, 1)}
    return sorted({0, made.sources - 1} | {p for p in around if 0 <= p < made.sources})


def _why(made: Reaching, share: float) -> str:
    if share:
        return "the gradient fades on its way; assert_no_vanishing tells whether that does harm"
    if not made.depends:
        return "the output does not depend on it: a mask, a window or the receptive field ends"
    return "the output depends on it, but the gradient is cut" + (
        f": {made.cut}" if made.cut else ""
    )
