"""What ``predict`` says, against torch: a sample of the family; the rest is in predict_measured."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from statistics import median

import pytest
import torch

from tests.lint.network_family import HEAD, Case
from tests.lint.predict_measured import Result, cases, predicted, result, table

#: A fifth of the family; with an odd step no dimension of its grids is left out.
STEP = 5
#: Drawn twice only: the mean of two seeds scatters.
SEEDS = 2
#: Decades.
MEDIAN = 0.15
MOST = 0.5
#: Of all models.
SHARE = 0.95
#: What has no prediction, and the reason given.
UNCOVERED = {
    "weight-norm": (
        "w = nn.utils.weight_norm(nn.Linear(8, 8))\n"
        "model = nn.Sequential(w, nn.Tanh(), nn.Linear(8, 8))",
        "normalised",
    ),
    "scaled-in-place": (
        "a = nn.Linear(8, 8)\na.weight.data.mul_(0.1)\n"
        "model = nn.Sequential(a, nn.Tanh(), nn.Linear(8, 8))",
        "initialiser",
    ),
    "part-of-a-weight": (
        "a = nn.Linear(8, 8)\na.weight.data[0:4].zero_()\n"
        "model = nn.Sequential(a, nn.Tanh(), nn.Linear(8, 8))",
        "initialiser",
    ),
    "sparse": (
        "a = nn.Linear(8, 8)\nnn.init.sparse_(a.weight, 0.5)\n"
        "model = nn.Sequential(a, nn.Tanh(), nn.Linear(8, 8))",
        "sparse_",
    ),
    "scale-of-a-norm": (
        "n = nn.LayerNorm(8)\nnn.init.uniform_(n.weight)\n"
        "model = nn.Sequential(nn.Linear(8, 8), n, nn.Tanh(), nn.Linear(8, 8))",
        "LayerNorm",
    ),
    "local-response": (
        "model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.LocalResponseNorm(2), nn.Conv2d(8, 8, 3))",
        "LocalResponseNorm",
    ),
    "part-of-a-recurrence": (
        "model = nn.GRU(8, 8)\nmodel.weight_hh_l0.data[0:8].zero_()",
        "initialiser",
    ),
}  # fmt: skip


@lru_cache(maxsize=1)
def results() -> tuple[Result, ...]:
    torch.set_num_threads(1)
    return tuple(result(case, SEEDS) for case in list(cases())[::STEP])


def test_the_family_is_large_and_each_name_is_unique() -> None:
    every = list(cases())
    assert len(every) >= 300
    assert len({(case.kind, case.name) for case in every}) == len(every)


def test_all_of_the_sample_is_predicted() -> None:
    assert [item.case.name for item in results() if item.predicted is None] == []


def test_the_sample_is_predicted_within_half_a_decade() -> None:
    errors = sorted(abs(item.error) for item in results() if item.error is not None)
    assert median(errors) <= MEDIAN, table(list(results()))
    inside = sum(error <= MOST for error in errors)
    assert inside >= SHARE * len(errors), table(list(results()))


def test_a_wrong_prediction_is_seen() -> None:
    one = results()[0]
    assert one.predicted is not None
    wrong = replace(one, predicted=one.predicted + 1.0)
    assert wrong.error is not None
    assert abs(wrong.error) > MOST


@pytest.mark.parametrize("name", UNCOVERED)
def test_what_is_not_covered_has_no_number_but_a_reason(name: str) -> None:
    source, reason = UNCOVERED[name]
    case = Case("none", name, HEAD + source + "\n", (8,), recurrent="nn.GRU" in source)
    found = predicted(case)
    assert found is not None
    assert found.total_gain is None
    assert reason in (found.reason or "")
