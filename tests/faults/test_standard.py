"""The set of standard architectures is what the README says; building them is evaluate's job."""

from __future__ import annotations

from collections import Counter

from tests.faults.standard import STANDARD


def test_there_are_many_from_every_source() -> None:
    count = Counter(standard.source for standard in STANDARD)
    assert sum(count.values()) >= 70
    assert min(count["timm"], count["transformers"], count["torch.nn"]) >= 20


def test_names_are_unique_within_a_source() -> None:
    names = Counter((standard.source, standard.name) for standard in STANDARD)
    assert [name for name, times in names.items() if times > 1] == []


def test_no_table_is_broken_by_a_name() -> None:
    assert not [standard.name for standard in STANDARD if "|" in standard.name]
