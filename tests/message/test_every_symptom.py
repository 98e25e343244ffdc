"""Every symptom's failure message as its check writes it: verdict, number, limit, where, accept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from pytest_gradhealth import message
from pytest_gradhealth.facts import SYMPTOMS, Diagnosis, Finding, Judgement, Remedy
from tests.message import made

Snapshot = Callable[[str, str], None]

FINDINGS = made.findings()

REMEDIES = (
    Remedy("kaiming_normal_", 0.02, "healthy"),
    Remedy("LayerNorm after each hidden layer", 0.5, "better"),
    Remedy("orthogonal_", 0.9, "no better", "now exploding"),
)
_WITHOUT_REMEDY = {"nonfinite", "disconnected", "underflow"}


def text_of(finding: Finding) -> str:
    if finding.symptom not in _WITHOUT_REMEDY:
        finding = dataclasses.replace(finding, remedies=REMEDIES)
    judgements = ((finding.symptom, Judgement("fail", (finding.message,))),)
    return message.failure(Diagnosis((finding,), judgements, made.report(), 9), [finding])


def test_no_symptom_is_left_out() -> None:
    assert {finding.symptom for finding in FINDINGS.values()} == set(SYMPTOMS)


@pytest.mark.parametrize("name", FINDINGS)
def test_the_text(name: str, snapshot: Snapshot) -> None:
    snapshot(name, text_of(FINDINGS[name]))


@pytest.mark.parametrize("name", FINDINGS)
def test_what_every_message_says(name: str) -> None:
    finding = FINDINGS[name]
    text = text_of(finding)
    first, *rest = text.splitlines()
    assert first == f"{finding.symptom}: {finding.message}"
    assert finding.where in text
    assert all(len(line) <= 120 for line in rest), max(rest, key=len)
    if finding.limit_name:
        assert "limit" in text.partition("Accept")[0]
    if finding.symptom != "nonfinite":  # which nobody accepts
        assert text.count("Accept") == 1


@pytest.mark.parametrize("name", FINDINGS)
def test_the_remedies_number_is_named_in_the_symptoms_own_unit(name: str) -> None:
    symptom = FINDINGS[name].symptom
    headings = [line for line in text_of(FINDINGS[name]).splitlines() if "tried on a copy" in line]
    assert len(headings) == (symptom not in _WITHOUT_REMEDY)
    for heading in headings:
        assert ("gradient" in heading) is (symptom in {"vanishing", "exploding"})
