"""The second drawing shares nothing with the first by which the first could have shaped it."""

from __future__ import annotations

from tests.faults.collection import ALL_CASES
from tests.faults.second import SECOND_CASES


def test_the_second_drawing_is_marked_as_such() -> None:
    assert {case.drawing for case in SECOND_CASES} == {2}
    assert {case.name for case in ALL_CASES if case.drawing == 2} == {c.name for c in SECOND_CASES}


def test_the_drawings_share_no_group() -> None:
    groups = {number: {c.group for c in ALL_CASES if c.drawing == number} for number in (1, 2)}
    assert groups[1]
    assert groups[2]
    assert not groups[1] & groups[2]


def test_every_faulty_case_has_a_place() -> None:
    assert [case.name for case in SECOND_CASES if case.fault and not case.where] == []
    assert [case.name for case in SECOND_CASES if not case.fault and case.where] == []
