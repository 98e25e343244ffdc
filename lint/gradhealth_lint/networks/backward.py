"""The way back through a network: what every step does to the squared norm of the gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradhealth_lint.fluctuations import BATCH, Spread, log_shift, rarity
from gradhealth_lint.networks.forward import TINY, Pass, Signal, forward, log_of
from gradhealth_lint.networks.steps import Affine, Parallel, Step


def total_log(steps: Sequence[Step], units: int) -> tuple[float, float]:
    """Return ln of the L2 gradient norm at the input over that at the output, and its spread.

    The input has ``units`` independent N(0, 1) entries a position. The spread is the standard
    deviation over seeds, roughly. -inf where no gradient passes.
    """
    passes, after = forward(steps, Signal(0.0, 1.0, 0.0, units))
    spread = Spread(overlap=1.0 / max(after.units, 1.0), tail=2.0 / max(after.units, 1.0))
    log, variance = _backward(passes, spread, settle=True)
    return log / 2.0, math.sqrt(variance) / 2.0


def _backward(passes: Sequence[Pass], spread: Spread, *, settle: bool) -> tuple[float, float]:
    """Return ln of the squared norm's factor and the variance of that over seeds.

    With ``settle`` each factor is what a seed typically shows, below its mean over seeds.
    """
    total = variance = 0.0
    for done in reversed(passes):
        log, loose = done.log, 0.0
        if isinstance(done.step, Affine):
            loose = _through_weight(done.step, spread)
        elif done.moments is not None and done.moments.slope_second > TINY:
            units = max(round(done.before.units), 1)
            loose = spread.through_activation(units, done.moments, done.alike)
            log -= rarity(BATCH * units, done.moments)
        elif isinstance(done.step, Parallel):
            log, loose = _through_arms(done, spread)
        if log == -math.inf:
            return log, 0.0
        total += log - (log_shift(loose) if settle else 0.0)
        variance += loose
    return total, variance


def _through_weight(step: Affine, spread: Spread) -> float:
    inputs = max(round(step.inputs), 1)
    return spread.through_weight(inputs, step.units, 1.0, orthogonal=step.weight.orthogonal)


def _through_arms(done: Pass, spread: Spread) -> tuple[float, float]:
    step = done.step
    if not isinstance(step, Parallel):
        raise TypeError("only parallel steps have arms")
    ends = [arm[-1].after if arm else done.before for arm in done.arms]
    results = []
    for index, arm in enumerate(done.arms):
        own = Spread(spread.overlap, spread.tail)
        log, loose = _backward(arm, own, settle=False)
        if step.how == "multiply":
            log += log_of(math.prod(end.second for i, end in enumerate(ends) if i != index))
        elif step.how == "concatenate":
            log += log_of(ends[index].units / done.after.units)
        results.append((log, loose, own))
    top = max(log for log, _, _ in results)
    if top == -math.inf:
        return top, 0.0
    whole = math.fsum(math.exp(log - top) for log, _, _ in results)
    shares = [math.exp(log - top) / whole for log, _, _ in results]
    pairs = list(zip(shares, results, strict=True))
    spread.overlap = math.fsum(share * own.overlap for share, (_, _, own) in pairs)
    spread.tail = math.fsum(share * own.tail for share, (_, _, own) in pairs)
    loose = math.fsum(share**2 * variance for share, (_, variance, _) in pairs)
    return top + math.log(whole), loose
