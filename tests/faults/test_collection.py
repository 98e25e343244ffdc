"""The collection is complete: every case has a label, a name of its own and places that exist."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from pytest_gradhealth.facts import SYMPTOMS
from tests.faults import labels
from tests.faults.case import Case
from tests.faults.collection import ALL_CASES
from tests.faults.scoring import half_of

LABELS = {"healthy", "untrainable", "broken part", "borderline"}


def test_every_case_is_labelled_and_nothing_else_is() -> None:
    names = [case.name for case in ALL_CASES]
    known = labels.read()
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert set(known) == set(names)
    assert {entry["label"] for entry in known.values()} == LABELS
    assert all(entry["runs"] for entry in known.values())


def test_both_halves_hold_every_symptom() -> None:
    known = labels.read()
    found = {
        (half_of(case.group), case.fault)
        for case in ALL_CASES
        if known[case.name]["label"] in {"untrainable", "broken part"}
    }
    assert found >= {(half, s) for half in ("calibration", "held-out") for s in SYMPTOMS}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case", [case for case in ALL_CASES if case.where], ids=lambda case: case.name
)
def test_the_places_exist(case: Case) -> None:
    torch.manual_seed(0)
    model = case.build()
    known = {name for name, _ in model.named_modules(remove_duplicate=False)}
    known |= {name for name, _ in model.named_parameters(remove_duplicate=False)}
    assert set(case.where) <= known
    assert {*case.also, case.fault} <= {*SYMPTOMS, None}
