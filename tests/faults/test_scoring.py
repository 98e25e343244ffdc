"""The scores say what the README says they say."""

from __future__ import annotations

import pytest

from tests.faults import scoring
from tests.faults.scoring import Named, Share, Truth, Verdict

VANISHING = Truth("a", "faulty", "vanishing", ("collapse",), ("layers.0",))
BROKEN = Truth("b", "faulty", "disconnected", (), ("encoder",), broken=True)
HEALTHY = Truth("c", "healthy")
BORDERLINE = Truth("d", "borderline", "vanishing", (), ("layers.0",))
SILENT = Verdict()


def said(*findings: tuple[str, str]) -> Verdict:
    return Verdict(tuple(Named(*finding) for finding in findings))


@pytest.mark.parametrize(
    ("named", "right"),
    [
        ("layers.3", "layers.3"),
        ("layers.3.weight", "layers.3"),
        ("layers.3 (call 2)", "layers.3"),
        ("layers.3.mlp.fc1.weight", "layers.3"),
        ("encoder", "encoder.layers.0"),
        ("", ""),
        ("(the model itself)", ""),
        ("(the model itself) (call 2)", ""),
    ],
)
def test_same_place(named: str, right: str) -> None:
    assert scoring.is_same_place(named, right)


@pytest.mark.parametrize(
    ("named", "right"),
    [
        ("layers.30", "layers.3"),
        ("layers.3", "layers.30"),
        ("layers.2.weight", "layers.3"),
        ("", "layers.3"),
        ("(the model itself)", "layers.3"),
        ("layers.3", ""),
        ("layers.3(call 2)", "layers.3"),
    ],
)
def test_another_place(named: str, right: str) -> None:
    assert not scoring.is_same_place(named, right)


def test_the_finding_of_the_right_symptom_is_the_one_whose_place_counts() -> None:
    right_one_second = said(("dead_units", "layers.5"), ("vanishing", "layers.0.weight"))
    wrong_one_there = said(("dead_units", "layers.0"), ("vanishing", "layers.5"))
    assert scoring.is_right_place(right_one_second, VANISHING)
    assert not scoring.is_right_place(wrong_one_there, VANISHING)


def test_without_a_right_symptom_the_first_finding_is_the_one_whose_place_counts() -> None:
    assert scoring.is_right_place(said(("exploding", "layers.0"), ("", "head")), VANISHING)
    assert not scoring.is_right_place(said(("exploding", "head"), ("", "layers.0")), VANISHING)


def test_silence_names_no_place() -> None:
    anywhere = Truth("e", "faulty", "nonfinite", (), ("",))
    assert not scoring.is_right_place(SILENT, anywhere)
    assert scoring.is_right_place(said(("nonfinite", "")), anywhere)


def test_a_symptom_in_also_is_right() -> None:
    assert scoring.is_right("collapse", VANISHING)
    assert not scoring.is_right("exploding", VANISHING)


def test_no_symptom_is_never_right() -> None:
    by_training_alone = Truth("f", "faulty")
    assert not scoring.is_right("", by_training_alone)


def test_the_first_finding_and_the_first_place_named() -> None:
    verdict = said(("", ""), ("vanishing", "layers.1"))
    assert verdict.first == scoring.UNNAMED
    assert verdict.where == "layers.1"
    assert SILENT.first == scoring.NOTHING
    assert not SILENT.flagged


def test_a_crash_is_a_failing_test_without_a_symptom() -> None:
    crash = Verdict(error="RuntimeError: no")
    assert crash.flagged
    assert crash.first == scoring.UNNAMED
    summary = scoring.summarise([(crash, HEALTHY), (SILENT, HEALTHY)])
    assert summary.false_alarms == Share(1, 2)
    assert summary.crashed == Share(1, 2)


def test_summary() -> None:
    summary = scoring.summarise(
        [
            (said(("collapse", "layers.0")), VANISHING),
            (said(("exploding", "layers.0"), ("vanishing", "head")), VANISHING),
            (SILENT, VANISHING),
            (said(("vanishing", "encoder.0.weight")), BROKEN),
            (said(("vanishing", "head")), HEALTHY),
            (SILENT, HEALTHY),
            (said(("vanishing", "head")), BORDERLINE),
        ]
    )
    assert summary.false_alarms == Share(1, 2)
    assert summary.untrainable == Share(2, 3)
    assert summary.broken == Share(1, 1)
    assert summary.symptom == Share(2, 4)
    assert summary.first_symptom == Share(1, 4)
    assert summary.place == Share(2, 4)
    assert summary.borderline == Share(1, 1)


def test_a_case_whose_fault_has_no_name_counts_as_caught_and_nowhere_else() -> None:
    summary = scoring.summarise([(said(("vanishing", "head")), Truth("g", "faulty"))])
    assert summary.untrainable == Share(1, 1)
    assert summary.symptom == summary.place == Share(0, 0)


def test_precision_counts_false_alarms_and_takes_also_as_right() -> None:
    pairs = [
        (said(("collapse", "")), VANISHING),
        (said(("collapse", "")), HEALTHY),
        (said(("collapse", "")), BROKEN),
        (said(("collapse", "")), BORDERLINE),
    ]
    assert scoring.precision("collapse", pairs) == Share(1, 3)


def test_recall_asks_for_the_symptom_put_in() -> None:
    pairs = [
        (said(("collapse", "")), VANISHING),
        (said(("exploding", ""), ("vanishing", "")), VANISHING),
        (said(("vanishing", "")), BORDERLINE),
    ]
    assert scoring.recall("vanishing", pairs) == Share(1, 2)
    assert scoring.recall("collapse", pairs) == Share(0, 0)


def test_confusion_leaves_borderline_cases_out() -> None:
    table = scoring.confusion(
        [
            (said(("collapse", ""), ("vanishing", "")), VANISHING),
            (said(("vanishing", "")), HEALTHY),
            (SILENT, BROKEN),
            (SILENT, BORDERLINE),
        ]
    )
    assert table == {
        ("vanishing", "collapse"): 1,
        ("healthy", "vanishing"): 1,
        ("disconnected", scoring.NOTHING): 1,
    }


@pytest.mark.parametrize(
    ("label", "side", "broken"),
    [
        ("healthy", "healthy", False),
        ("untrainable", "faulty", False),
        ("broken part", "faulty", True),
        ("borderline", "borderline", False),
    ],
)
def test_the_label_decides_the_side_whatever_its_author_put_in(
    label: str, side: str, broken: bool
) -> None:
    truth = scoring.truth_of("a", label, "vanishing", (), ())
    assert (truth.side, truth.broken) == (side, broken)


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(KeyError, match="sick"):
        scoring.truth_of("a", "sick", None, (), ())


def test_the_split_is_fixed() -> None:
    groups = [f"family {i}" for i in range(1000)]
    assert scoring.half_of("cnn lenet") == "held-out"
    assert scoring.half_of("autoencoder plain") == "calibration"
    assert 450 < sum(scoring.half_of(group) == "held-out" for group in groups) < 550


def test_a_share_of_nothing_is_no_number() -> None:
    assert str(Share(0, 0)) == "-"
    assert str(Share(1, 3)) == "1 of 3 (33 %)"
