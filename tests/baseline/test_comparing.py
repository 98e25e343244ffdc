"""Which layer is which, and whose gradient has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gradhealth.baseline.comparing import compared
from pytest_gradhealth.baseline.golden import Golden, GoldenLayer
from pytest_gradhealth.limits import Limits

LIMITS = Limits()


def golden(*layers: GoldenLayer) -> Golden:
    return Golden("Net", layers)


def layer(
    path: str, share: float = 1.0, *, width: int = 4, noise: float = 1.0, kind: str = "Linear"
) -> GoldenLayer:
    return GoldenLayer(path, kind, (width, width), share, noise)


SHARES = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6)


@given(SHARES)
def test_a_profile_matches_itself(shares: list[float]) -> None:
    one = golden(*(layer(str(index), share) for index, share in enumerate(shares)))
    assert compared(one, one, LIMITS).matches


@given(SHARES, st.floats(1.01, 50))
def test_a_change_counts_alike_in_both_directions(shares: list[float], factor: float) -> None:
    one = golden(*(layer(str(index), share) for index, share in enumerate(shares)))
    two = golden(*(layer(str(index), share * factor) for index, share in enumerate(shares)))
    there, back = compared(one, two, LIMITS), compared(two, one, LIMITS)
    assert [c.factor for c in there.changes] == pytest.approx([1 / c.factor for c in back.changes])
    if not 2.99 < factor < 3.01:
        assert len(there.moved) == len(back.moved) == (len(shares) if factor > 3 else 0)


def test_seeds_that_differ_allow_as_much_squared() -> None:
    was = golden(layer("a", 1.0, noise=3.0))
    assert compared(was, golden(layer("a", 8.9)), LIMITS).matches
    assert not compared(was, golden(layer("a", 9.1)), LIMITS).matches
    assert compared(golden(layer("a")), golden(layer("a", 8.9, noise=3.0)), LIMITS).matches
    assert compared(golden(layer("a", noise=1e200)), golden(layer("a", 50.0)), LIMITS).matches


def test_what_cancels_out_is_alike_whatever_is_left_of_it() -> None:
    assert compared(golden(layer("a", 0.0)), golden(layer("a", 1e-8)), LIMITS).matches
    (change,) = compared(golden(layer("a", 0.0)), golden(layer("a", 1e-3)), LIMITS).moved
    assert change.factor == pytest.approx(1e4)
    assert not compared(golden(layer("a", 1e-3)), golden(layer("a", 0.0)), LIMITS).matches


def test_a_new_name_alone_is_a_match_and_told() -> None:
    was = golden(layer("encoder.0"), layer("encoder.2", width=8), layer("head", 0.5))
    now = golden(layer("body.0"), layer("body.2", width=8), layer("head", 0.5))
    made = compared(was, now, LIMITS)
    assert made.matches
    assert [(c.was.path, c.now.path) for c in made.renamed] == [
        ("encoder.0", "body.0"),
        ("encoder.2", "body.2"),
    ]


def test_a_renamed_layer_is_still_compared() -> None:
    made = compared(golden(layer("a"), layer("b")), golden(layer("c", 10.0), layer("b")), LIMITS)
    assert [(c.was.path, c.now.path) for c in made.moved] == [("a", "c")]


def test_layers_that_came_and_went() -> None:
    was = golden(layer("a"), layer("b", width=8))
    now = golden(layer("a"), layer("c", width=16), layer("d", width=8))
    made = compared(was, now, LIMITS)
    assert [one.path for one in made.added] == ["c"]
    assert made.removed == ()
    assert [c.was.path for c in made.renamed] == ["b"]
    assert not made.matches
    back = compared(now, was, LIMITS)
    assert ([one.path for one in back.removed], back.added) == (["c"], ())


def test_another_class_or_shape_is_no_new_name() -> None:
    made = compared(golden(layer("a")), golden(layer("b", kind="Conv2d")), LIMITS)
    assert (len(made.added), len(made.removed)) == (1, 1)


def test_patterns_leave_layers_out_of_both() -> None:
    was, now = golden(layer("a"), layer("old")), golden(layer("a"), layer("new.0", width=9))
    assert not compared(was, now, LIMITS).matches
    assert compared(was, now, LIMITS, ["old", "new.*"]).matches
