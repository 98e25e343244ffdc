"""The failure message is an interface: verdict, number, limit, where, remedies, how to accept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from pytest_gradhealth import message
from pytest_gradhealth.facts import Diagnosis, Finding, Judgement, Remedy, Report, Row

Snapshot = Callable[[str, str], None]

REPORT = Report("Net", 1.0, "random cotangent", 0, (), (), (), ())

VANISHING = Finding(
    symptom="vanishing",
    where="layers.0",
    source="/repo/models/net.py:12",
    measured=7.8e-08,
    limit=1e-4,
    unit="share of the last layer's gradient",
    limit_name="vanishing_share",
    message="4 of 9 layers get less than 1e-04 of the last layer's gradient",
    observations=(
        ("Worst", "layers.0.weight (64, 64) float32: rms(grad) 2.7e-09, share 7.8e-08"),
        ("Where", "shrinks x0.14 per layer from head back to layers.0"),
    ),
    rows=tuple(
        Row(f"layers.{i}", (32, 64), 2.7e-9 * 7.4**i, 7.8e-08 * 7.4**i, i < 4) for i in range(9)
    ),
    remedies=(
        Remedy("ReLU + kaiming_normal_", 0.71, "healthy"),
        Remedy("LayerNorm after each Linear", 2.1e-05, "better"),
        Remedy("orthogonal_", 0.0, "no better", "no gradient arrives at all"),
    ),
    related_rules=("GRD101",),
)

DISCONNECTED = Finding(
    symptom="disconnected",
    where="encoder.fc",
    source="",
    measured=2.0,
    limit=0.0,
    unit="parameters that ran and got no gradient",
    limit_name="",
    message="2 of 4 trainable parameters ran but get no gradient",
    observations=(("Where", "between encoder.fc (Linear) and head (Linear)"),),
    rows=(
        Row("encoder.fc.weight", (8, 8), 0.0, 0.0, failing=True),
        Row("encoder.fc.bias", (8,), 0.0, 0.0, failing=True),
    ),
)


def diagnosis(*findings: Finding) -> Diagnosis:
    judgements = tuple((f.symptom, Judgement("fail", (f.message,))) for f in findings)
    return Diagnosis(findings, (*judgements, ("nonfinite", Judgement("pass"))), REPORT, 14)


def test_one_finding(snapshot: Snapshot) -> None:
    snapshot("vanishing", message.failure(diagnosis(VANISHING), [VANISHING]))


def test_verbose_shows_every_row(snapshot: Snapshot) -> None:
    text = message.failure(diagnosis(VANISHING), [VANISHING], verbose=True)
    snapshot("vanishing_verbose", text)
    assert "hidden" not in text


def test_growth_is_drawn_above_one(snapshot: Snapshot) -> None:
    rows = tuple(Row(f"layers.{i}", (16, 1), 1.5**i, 1.5**i, i > 11) for i in range(20))[::-1]
    exploding = dataclasses.replace(
        VANISHING,
        symptom="exploding",
        measured=1.5**19,
        limit=1e2,
        unit="multiples of the last layer's gradient",
        limit_name="exploding_growth",
        rows=rows,
        remedies=(),
        related_rules=("GRD201", "GRD301"),
    )
    snapshot("exploding", message.failure(diagnosis(exploding), [exploding]))


def test_two_findings(snapshot: Snapshot) -> None:
    both = diagnosis(DISCONNECTED, VANISHING)
    snapshot("two_findings", message.failure(both, both.findings))


def test_other_symptoms_are_named() -> None:
    both = diagnosis(DISCONNECTED, VANISHING)
    assert "also shows: vanishing" in message.failure(both, [DISCONNECTED])


def test_summary(snapshot: Snapshot) -> None:
    snapshot("summary", message.summary(diagnosis(DISCONNECTED, VANISHING)))


@pytest.mark.parametrize(
    ("measured", "limit", "accepted"),
    [(7.8e-8, 1e-4, "1e-8"), (1e-8, 1e-4, "1e-8"), (1.8e3, 1e2, "1e4"), (0.0, 1e-4, "0")],
)
def test_the_accepting_value_does_accept(measured: float, limit: float, accepted: str) -> None:
    finding = dataclasses.replace(VANISHING, measured=measured, limit=limit)
    text = message.failure(diagnosis(finding), [finding])
    assert f"@pytest.mark.gradhealth(vanishing_share={accepted})" in text
    assert float(accepted) <= measured if measured < limit else float(accepted) >= measured
