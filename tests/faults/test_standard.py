"""The standard architectures are as many as promised, and none is accused."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from pytest_gradhealth import Limits, diagnose
from tests.faults.standard import STANDARD, Standard


def test_there_are_many_from_every_source() -> None:
    count = Counter(standard.source for standard in STANDARD)
    assert sum(count.values()) >= 70
    assert min(count["timm"], count["transformers"], count["torch.nn"]) >= 20


def test_names_are_unique_within_a_source() -> None:
    names = Counter((standard.source, standard.name) for standard in STANDARD)
    assert [name for name, times in names.items() if times > 1] == []


def test_no_table_is_broken_by_a_name() -> None:
    assert not [standard.name for standard in STANDARD if "|" in standard.name]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("standard", STANDARD, ids=lambda s: f"{s.source}: {s.name}")
def test_none_is_accused(standard: Standard) -> None:
    torch.manual_seed(0)
    model, batch = standard.build(), standard.batch()
    diagnosis = diagnose(
        model,
        batch,
        standard.loss_fn,
        step=standard.step,
        limits=Limits(remedy_seconds=0.0),
        ignore=tuple(f"{path}*" for path in standard.idle),
    )
    assert not diagnosis.symptoms, [finding.message for finding in diagnosis.findings]
    assert "pass" in diagnosis.verdicts.values()
