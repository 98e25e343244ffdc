"""What a gradient that fades is reported as: the findings of ``vanishing``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_gradhealth.checks.over_time import Unlearned, layer_of
from pytest_gradhealth.checks.related import rules_on_fading
from pytest_gradhealth.checks.table import (
    activations_on_path,
    confirmed,
    rows_of,
    source_at,
    weight_of,
)
from pytest_gradhealth.checks.way import origin_of_fade
from pytest_gradhealth.facts import Finding, Row

if TYPE_CHECKING:
    from pytest_gradhealth.facts import Report
    from pytest_gradhealth.limits import Limits
    from pytest_gradhealth.profile import Profile, Tower

_SYMPTOM: Final = "vanishing"


def faded(
    report: Report, profile: Profile, tower: Tower, limits: Limits, sure: tuple[str, str]
) -> Finding:
    """Too little of the last layer's gradient reaches the first of a tower."""
    few = tower.share < limits.vanishing_share
    name = "vanishing_share" if few else "fading_share"
    limit: float = getattr(limits, name)
    faint = [layer for layer in profile.layers if profile.share_of(layer) < limit]
    start, how = origin_of_fade(report, profile, tower)
    return Finding(
        symptom=_SYMPTOM,
        where=start.path,
        source=start.source,
        measured=tower.share,
        limit=limit,
        unit="share of the last layer's gradient",
        limit_name=name,
        message=(
            f"{len(faint)} of {len(profile.layers)} layers get less than {limit:.0e} "
            "of the last layer's gradient"
        ),
        observations=(
            (
                "Worst",
                f"{weight_of(report, tower.first)}, share {tower.share:.1e} (limit {limit:.1e})",
            ),
            ("Where", how),
            *activations_on_path(report),
            sure,
        ),
        rows=rows_of(profile, failing=lambda share: share < limit),
        related_rules=rules_on_fading(report),
    )


def behind_a_flat_operation(
    report: Report, blocked: list[tuple[str, str, str]], limits: Limits
) -> Finding:
    """Parameters behind an operation whose derivative is zero everywhere."""
    name, operation, before = blocked[0]
    rows = {p.name: p.shape for p in report.parameters}
    where = before or "the input"
    if not before:  # the weight itself goes through it
        before = next((p.owner for p in report.parameters if p.name == name), "")
        before = before.partition(".parametrizations")[0]
        where = name
    return Finding(
        symptom=_SYMPTOM,
        where=before,
        source=source_at(report, before),
        measured=0.0,
        limit=limits.vanishing_share,
        unit="share of the last layer's gradient",
        limit_name="",
        message=(
            f"{len(blocked)} of {len(report.parameters)} parameters lie behind {operation}(), "
            "whose derivative is zero everywhere"
        ),
        observations=(
            ("Where", f"{operation}() after {where} lets nothing through"),
            ("Try", "a straight-through estimator: x + (hard(x) - x).detach()"),
        ),
        rows=tuple(Row(name, rows.get(name, ()), 0.0, 0.0, failing=True) for name, *_ in blocked),
    )


def silent_loss(report: Report, profile: Profile, limits: Limits) -> Finding:
    """The loss is not at its end and sends nothing back at all."""
    last = profile.last
    return Finding(
        symptom=_SYMPTOM,
        where=last.path,
        source=last.source,
        measured=0.0,
        limit=limits.vanishing_share,
        unit="share of the last layer's gradient",
        limit_name="",
        message="no parameter gets any gradient: the loss sends back exactly zero",
        observations=(
            ("Loss", f"{report.loss:.3g} ({report.loss_kind})"),
            ("Where", f"what lies between {last.name} ({last.kind}) and the loss is flat"),
            confirmed(limits, f"and after {limits.warmup_steps} Adam steps"),
        ),
    )


def faded_over_time(report: Report, found: Unlearned, limits: Limits) -> Finding:
    """The gradient does not reach the time step that holds the answer."""
    record = found.record
    layer = layer_of(report, record)
    per_step = record.gain_per_step
    fading = f"x{per_step:.2g} per step" if per_step else "to exactly zero"
    return Finding(
        symptom=_SYMPTOM,
        where=layer.path,
        source=layer.source,
        measured=found.share,
        limit=limits.fading_share,
        unit="share of the gradient at the time step that gets most",
        limit_name="fading_share",
        message=(
            f"the gradient fades {fading} over {record.steps} time steps of {layer.path} "
            f"({layer.kind}), and what is to be learned lies beyond"
        ),
        observations=(
            ("Measured", f"{found.told} (limit {limits.fading_share:.1e})"),
            ("Tried", f"{limits.learning_steps} steps with Adam and with SGD: it learns none"),
        ),
    )
