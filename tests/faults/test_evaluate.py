"""The command prints what may be printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults import evaluate, labels
from tests.faults.case import Case, Task
from tests.faults.peers import Peer
from tests.faults.scoring import Named, Truth, Verdict, half_of
from tests.faults.standard import Standard
from tests.faults.subject import Subject

CALIBRATION, HELD_OUT = "autoencoder plain", "cnn lenet"


def _batch(_: int = 0) -> tuple[Tensor, Tensor]:
    return torch.randn(4, 3), torch.randn(4, 1)


TASK = Task("stub", _batch, lambda model, batch: 0.0, 0.2, 0.7, loss_fn=F.mse_loss)


def _case(name: str, group: str, drawing: int = 1) -> Case:
    return Case(name, "stub", group, lambda: nn.Linear(3, 1), TASK, drawing=drawing)


def _accuse(_: Subject) -> Verdict:
    return Verdict((Named("vanishing", "somewhere"),))


def _accuse_all(monkeypatch: pytest.MonkeyPatch, *cases: Case) -> None:
    def tools(*, peers: bool, training: bool) -> Iterator[Peer]:
        yield Peer(evaluate.OURS, _accuse)

    stored = {"label": "healthy", "runs": {}}
    monkeypatch.setattr(evaluate, "ALL_CASES", cases)
    monkeypatch.setattr(labels, "read", lambda: {case.name: stored for case in cases})
    monkeypatch.setattr(evaluate, "tools", tools)


@pytest.fixture
def accused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two healthy cases, one in either half, both of which the tool accuses."""
    _accuse_all(monkeypatch, _case("stub/seen", CALIBRATION), _case("stub/secret", HELD_OUT))


@pytest.fixture
def accused_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two healthy cases of the calibration half, one in either drawing, both accused."""
    first, second = _case("stub/old", CALIBRATION), _case("stub/new", CALIBRATION, drawing=2)
    _accuse_all(monkeypatch, first, second)


@pytest.mark.usefixtures("accused")
@pytest.mark.parametrize("half", ["all", "held-out"])
def test_held_out_cases_are_counted_and_never_named(
    half: str, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main(["--half", half, "--names"])
    printed = "".join(capsys.readouterr())
    assert "secret" not in printed
    assert f"{2 if half == 'all' else 1} of {2 if half == 'all' else 1} (100 %)" in printed


@pytest.mark.usefixtures("accused")
def test_calibration_cases_are_named_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.main(["--half", "calibration", "--names"])
    assert "| stub/seen | false alarm | vanishing at somewhere |" in capsys.readouterr().out
    evaluate.main(["--half", "calibration"])
    assert "stub/seen" not in capsys.readouterr().out


@pytest.mark.usefixtures("accused_twice")
@pytest.mark.parametrize(
    ("arguments", "counted", "named"),
    [
        ([], "2 of 2 (100 %)", {"old"}),
        (["--drawing", "1"], "1 of 1 (100 %)", {"old"}),
        (["--drawing", "2"], "1 of 1 (100 %)", {"new"}),
    ],
)
def test_a_drawing_is_counted_apart_and_a_later_one_named_only_where_asked(
    arguments: list[str], counted: str, named: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main(["--names", *arguments])
    printed = capsys.readouterr().out
    assert counted in printed
    assert {name for name in ("old", "new") if f"stub/{name}" in printed} == named


def test_the_stub_groups_are_in_different_halves() -> None:
    assert (half_of(CALIBRATION), half_of(HELD_OUT)) == ("calibration", "held-out")


@pytest.mark.parametrize(
    ("entry", "progress"),
    [
        ({"runs": {"adam 1e-03 seed 0": [0.7, 50]}}, 1.0),
        ({"runs": {"adam 1e-03 seed 0": [0.2, 300]}}, 0.0),
        ({"runs": {"adam 1e-03 seed 0": [None, 3]}}, None),
        ({"runs": {"sgd 1e-01 seed 0": [0.7, 50]}}, None),
        ({}, None),
    ],
)
def test_progress_is_that_of_the_users_run(entry: dict[str, Any], progress: float | None) -> None:
    assert evaluate.progress_of(_case("stub/seen", CALIBRATION), entry) == progress


def test_only_a_disconnected_idle_part_is_forgiven() -> None:
    standard = Standard("stub", "torch.nn", lambda: nn.Linear(3, 1), _batch, idle=("pooler",))
    found = (
        Named("disconnected", "pooler.weight"),
        Named("vanishing", "pooler"),
        Named("disconnected", "head"),
    )
    judged = evaluate.Judged([(Verdict(found), Truth("stub", "healthy"))])
    ((verdict, _),) = evaluate.without_idle(judged, [standard]).pairs
    assert verdict.findings == found[1:]
