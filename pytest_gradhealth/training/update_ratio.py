"""``assert_update_ratio``: the optimizer moves the weights, neither too little nor too far."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pytest_gradhealth.facts import Finding, GroupUpdate, Row, Updates
from pytest_gradhealth.limits import Limits
from pytest_gradhealth.training.failing import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor, nn


def assert_update_ratio(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Tensor] | None = None,
    *,
    optimizer: Any,
    step: Callable[[Any, Any], Tensor] | None = None,
    ignore: Iterable[str] = (),
    limits: Limits | None = None,
    seed: int = 0,
    verbose: bool = False,
) -> Updates:
    """A step of the optimizer changes every group's weights by a sensible share of their size.

    A ratio out of the band is a suspicion; it is a failure where the loss on the batch does not
    fall (too large) or hardly changes (too small) in ``update_steps`` steps. All of it is undone.

    Args:
        model: The model.
        batch: See ``diagnose``; so are ``loss_fn`` and ``step``.
        loss_fn: The loss function.
        optimizer: The optimizer made for this model: anything with ``step()``. Several in a list.
        step: The training step, ``step(model, batch) -> scalar loss``.
        ignore: ``fnmatch`` patterns of parameters that this optimizer need not move.
        limits: Thresholds.
        seed: Of the first step; every step has its own.
        verbose: Show every row of the failure's table.

    Returns:
        The ratios, one a parameter group.

    Raises:
        GradientHealthError: A group moves too little, too far or not at all.
        ProbeError: The optimizer cannot step, or holds no parameter of this model.
    """
    __tracebackhide__ = True
    from pytest_gradhealth.recorder.updates import NO_GROUP, updates_of

    limits = limits or Limits()
    optimizers = list(optimizer) if isinstance(optimizer, list | tuple) else [optimizer]
    made = updates_of(
        model,
        batch,
        loss_fn,
        step,
        optimizers=optimizers,
        steps=limits.update_steps,
        seed=seed,
    )
    patterns = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    forgotten = tuple(
        name
        for group in made.groups
        if group.name == NO_GROUP
        for name in group.parameters
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    )
    groups = [group for group in made.groups if group.name != NO_GROUP]
    finding = _judged(made, groups, forgotten, limits)
    if finding is not None:
        raise failed(finding, verbose=verbose)
    return made


def _judged(
    made: Updates, groups: list[GroupUpdate], forgotten: tuple[str, ...], limits: Limits
) -> Finding | None:
    if forgotten:
        count, verb = len(forgotten), "is" if len(forgotten) == 1 else "are"
        told = ", ".join(forgotten[:3]) + (", ..." if len(forgotten) > 3 else "")  # noqa: PLR2004
        message = f"{count} trainable parameters with a gradient {verb} in no group: {told}"
        hint = "give them to the optimizer, or set requires_grad to False"
        accept = f'ignore=["{forgotten[0]}", ...] if another optimizer moves them'
        observed = (("Try", hint), ("Accept", accept))
        return _finding(made, groups, message, float(count), 0.0, "", observed)
    still = [group for group in groups if not group.moved]
    if still:
        message = f"{still[0].name} does not move at all, though it gets a gradient"
        hint = "check its learning rate, and that the loss is not scaled away"
        return _finding(made, groups, message, 0.0, 0.0, "", (("Try", hint),))
    measured = [group for group in groups if math.isfinite(group.ratio)]
    far = [group for group in measured if group.peak > limits.update_ratio_most]
    if far and _rose(made, limits):
        worst = max(far, key=lambda group: group.peak)
        limit, name = limits.update_ratio_most, "update_ratio_most"
        message = f"one step changes {worst.name} by {worst.peak:.2g} of its size (limit {limit:g})"
        return _finding(
            made, groups, message, worst.peak, limit, name, _tried(made, worst, worst.peak)
        )
    near = [group for group in measured if group.ratio < limits.update_ratio_least]
    if near and _change(made) < limits.update_change:
        worst = min(near, key=lambda group: group.ratio)
        limit, name = limits.update_ratio_least, "update_ratio_least"
        message = f"{worst.name} changes by {worst.ratio:.1e} of its size a step (limit {limit:g})"
        return _finding(
            made, groups, message, worst.ratio, limit, name, _tried(made, worst, worst.ratio)
        )
    return None


def _rose(made: Updates, limits: Limits) -> bool:
    """Whether the loss leapt up on the way, or ended no lower than it began."""
    first = made.losses[0]
    leapt = max(made.losses) - first > limits.update_leap * abs(first)
    return leapt or not made.losses[-1] < first


def _change(made: Updates) -> float:
    first, last = made.losses[0], made.losses[-1]
    return abs(last - first) / abs(first) if first and math.isfinite(last) else math.inf


def _tried(made: Updates, worst: GroupUpdate, ratio: float) -> tuple[tuple[str, str], ...]:
    wanted = 1e-3 / ratio if ratio else math.inf
    losses = f"the loss goes from {made.losses[0]:.4g} to {made.losses[-1]:.4g}"
    if max(made.losses) > max(made.losses[0], made.losses[-1]):
        losses += f", by way of {max(made.losses):.4g},"
    return (
        ("Worst", f"{worst.largest}: {worst.largest_ratio:.1e} of its size a step"),
        ("Confirmed", f"{losses} in {len(made.losses) - 1} steps"),
        ("Try", f"a learning rate x{wanted:.1g}: a thousandth a step is usual"),
    )


def _finding(
    made: Updates,
    groups: list[GroupUpdate],
    message: str,
    measured: float,
    limit: float,
    limit_name: str,
    observed: tuple[tuple[str, str], ...],
) -> Finding:
    return Finding(
        symptom="update_ratio",
        where="",
        source="",
        measured=measured,
        limit=limit,
        unit="update over weight (L2 norms)",
        limit_name=limit_name,
        message=message,
        observations=observed,
        rows=tuple(
            Row(
                name=group.name,
                shape=(),
                value=group.size,
                share=_shown(group, limit_name),
                failing=not group.moved or (bool(limit) and measured in {group.ratio, group.peak}),
            )
            for group in groups
        ),
    )


def _shown(group: GroupUpdate, limit_name: str) -> float:
    """The number that was judged."""
    number = group.peak if limit_name == "update_ratio_most" else group.ratio
    return number if math.isfinite(number) else 0.0
