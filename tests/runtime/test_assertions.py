"""Assertions on what is already made: a diagnosis, or a report without its model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytest_gradhealth import (
    GradientHealthError,
    Limits,
    ProbeError,
    assert_connected,
    assert_finite,
    assert_healthy,
    assert_no_exploding,
    assert_no_vanishing,
    diagnose,
    record,
)


def sigmoids() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*[m for _ in range(12) for m in (nn.Linear(16, 16), nn.Sigmoid())])


BATCH = torch.ones(8, 16)


def test_a_healthy_report_passes_every_assertion() -> None:
    report = record(nn.Linear(16, 4), BATCH)
    for assertion in (
        assert_no_vanishing,
        assert_no_exploding,
        assert_finite,
        assert_connected,
        assert_healthy,
    ):
        assert assertion(report).report is report


def test_a_suspicious_report_is_neither_pass_nor_failure() -> None:
    report = record(sigmoids(), BATCH)
    with pytest.raises(ProbeError, match="only the model can confirm"):
        assert_no_vanishing(report)
    assert_finite(report)


def test_a_report_is_judged_by_the_calls_limits() -> None:
    assert_no_vanishing(record(sigmoids(), BATCH), limits=Limits(vanishing_share=1e-30))


def test_a_fact_needs_no_confirmation() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(16, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.second(self.first(x).detach())
            return y

    with pytest.raises(GradientHealthError, match="2 of 4 trainable parameters"):
        assert_connected(record(Cut(), BATCH))


def test_one_diagnosis_serves_many_assertions() -> None:
    diagnosis = diagnose(sigmoids(), BATCH)
    assert assert_no_exploding(diagnosis) is diagnosis
    with pytest.raises(GradientHealthError) as failure:
        assert_no_vanishing(diagnosis)
    assert failure.value.diagnosis is diagnosis


def test_what_is_made_takes_no_batch() -> None:
    model = nn.Linear(16, 4)
    with pytest.raises(ProbeError, match="already made"):
        assert_healthy(diagnose(model, BATCH), BATCH)
    with pytest.raises(ProbeError, match="already made"):
        assert_healthy(record(model, BATCH), BATCH)
    with pytest.raises(ProbeError, match="its own limits"):
        assert_healthy(diagnose(model, BATCH), limits=Limits())


def test_an_unchecked_symptom_is_not_a_pass() -> None:
    diagnosis = diagnose(nn.Linear(16, 4), BATCH, checks=["nonfinite"])
    with pytest.raises(ProbeError, match="did not check vanishing"):
        assert_no_vanishing(diagnosis)
