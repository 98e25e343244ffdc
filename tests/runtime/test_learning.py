"""Trials on halves of the batch, and what they settle."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Diagnosis, Limits, diagnose, record
from pytest_gradhealth.diagnosis import judge_report
from pytest_gradhealth.facts import LearningTrial
from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.learning import learning_trials, leaves_a_trace
from tests.runtime.models import WIDTH, chain, he, labels, vectors

QUICK = Limits(remedy_seconds=0.0)


def trials(model: nn.Module, batch: Any) -> tuple[LearningTrial, ...]:
    return learning_trials(model, Objective(batch, F.cross_entropy), 0, steps=60, gain=0.05)


def judged(model: nn.Module, batch: Any, *checks: str, **limits: float) -> Diagnosis:
    return diagnose(
        model, batch, F.cross_entropy, checks=checks or None, limits=QUICK.replace(**limits)
    )


def separable(rows: int = 64, width: int = WIDTH) -> tuple[Tensor, Tensor]:
    """A label that any linear map can tell."""
    x = torch.randn(rows, width)
    x[:, :4] += 3 * F.one_hot(labels(rows), 4)
    return x, labels(rows)


@pytest.mark.parametrize("period", [2, 4])
def test_labels_that_repeat_are_learned_by_heart(period: int) -> None:
    """Inputs are exchanged at random: moved by a multiple of the period nothing would change."""
    x = vectors(32)
    made = trials(chain(nn.ReLU, 2, init=he), (x, torch.arange(32) % period))
    assert min(trial.fitted for trial in made) < 0.1


def test_what_can_be_learned_is() -> None:
    first = trials(chain(nn.ReLU, 2, init=he), separable())[0]
    assert first.learned(0.05)
    assert first.optimizer == "Adam"


def test_a_dead_network_learns_nothing() -> None:
    model = chain(nn.ReLU, 2, init=he)
    nn.init.constant_(model[2].get_parameter("bias"), -100.0)
    for trial in trials(model, separable()):
        assert trial.fitted == pytest.approx(1.0)
        assert not trial.generalised(0.05)


def test_a_trial_leaves_the_model_as_it_was() -> None:
    model = chain(nn.ReLU, 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trials(model, separable())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("batch", [vectors(16), (vectors(4), labels(4))])
def test_without_target_or_samples_there_is_no_trial(batch: Any) -> None:
    assert trials(nn.Linear(WIDTH, 4), batch) == ()


def trial(after: float, shuffled: float, luckiest: float) -> LearningTrial:
    return LearningTrial("Adam", 1e-3, 1.0, after, shuffled, luckiest, 0.5)


@pytest.mark.parametrize(
    ("made", "generalised", "learned"),
    [
        (trial(0.5, 1.0, 0.9), True, True),
        (trial(1.5, 3.0, 2.0), True, False),  # it tells them apart, and is too sure of itself
        (trial(0.9, 1.0, 0.8), False, False),  # some wrong order does better
        (trial(0.5, 0.52, 0.51), False, False),  # what all samples share
        (trial(math.nan, math.nan, math.nan), False, False),
    ],
)
def test_what_counts_as_learned(made: LearningTrial, *, generalised: bool, learned: bool) -> None:
    assert (made.generalised(0.05), made.learned(0.05)) == (generalised, learned)


class Faint(nn.Module):
    """The samples hardly differ from their mean, whatever the weights are."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 4)
        self.share = share

    def forward(self, x: Tensor) -> Any:
        hidden = self.first(x)
        hidden = hidden.mean(0, keepdim=True) + self.share * (hidden - hidden.mean(0))
        return self.head(hidden / (1 + hidden.norm(dim=1, keepdim=True)))


def test_a_small_spread_that_is_learned_from_passes() -> None:
    x, y = separable()
    diagnosis = judged(chain(nn.Tanh, 1), (0.01 * x + 0.3, y), "collapse", small_spread=0.1)
    assert diagnosis.verdicts["collapse"] == "pass"
    assert diagnosis.passes > 1  # it was tried


def test_a_small_spread_that_teaches_nothing_fails() -> None:
    diagnosis = judged(Faint(1e-3), separable(), "collapse")
    (finding,) = diagnosis.findings
    assert finding.limit_name == "small_spread"
    assert "teach it nothing" in dict(finding.observations)["Confirmed"]
    lowered = finding.measured / 10
    assert judged(Faint(1e-3), separable(), "collapse", small_spread=lowered).healthy


def test_a_weak_suspicion_needs_a_target() -> None:
    model = Faint(1e-3)
    assert diagnose(model, separable()[0], checks=["collapse"], limits=QUICK).healthy
    assert judge_report(record(model, separable(), F.cross_entropy), checks=["collapse"]).healthy


def chaotic() -> nn.Module:
    return chain(nn.Tanh, 40, init=nn.init.normal_)


def test_a_chaotic_network_fails_where_there_is_something_to_learn() -> None:
    diagnosis = judged(chaotic(), separable(), "exploding")
    assert diagnosis.symptoms == {"exploding"}, diagnosis.reasons


def test_a_deep_network_that_learns_is_not_chaotic() -> None:
    model = chain(nn.ReLU, 12, init=he, norm=nn.LayerNorm)
    assert judged(model, separable()).healthy


class Tagger(nn.Module):
    """What every step adds to a mean over many is small, so that little arrives at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(200, 32)
        self.lstm = nn.LSTM(32, 32, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(64, 10)

    def forward(self, tokens: Tensor) -> Any:
        return self.head(self.lstm(self.embed(tokens))[0].mean(1))


def test_one_trial_is_enough_where_there_is_nothing_to_learn() -> None:
    torch.manual_seed(0)
    batch = torch.randint(0, 200, (32, 64)), torch.randint(0, 10, (32,))
    diagnosis = diagnose(Tagger(), batch, F.cross_entropy)
    assert diagnosis.healthy
    assert 1 < diagnosis.passes <= 61


class Fragile(nn.Module):
    """Rates that others learn at throw it far off: its output is its parameters times 300."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, x: Tensor) -> Any:
        return 300 * torch.tanh(self.net(x))


def test_a_trace_is_looked_for_at_several_rates() -> None:
    torch.manual_seed(0)
    objective = Objective((torch.randn(32, 16), torch.randint(0, 4, (32,))), F.cross_entropy, None)
    found, steps = leaves_a_trace(Fragile(), objective, 0, steps=60, fitted=0.9)
    assert found
    assert steps <= 120
    blind = nn.Sequential(nn.Linear(16, 4), nn.Threshold(1e9, 0.0))
    assert leaves_a_trace(blind, objective, 0, steps=30, fitted=0.9) == (False, 5 * 30)
    alone = Objective(torch.randn(32, 16), None, None)
    assert leaves_a_trace(Fragile(), alone, 0, steps=30, fitted=0.9) == (True, 0)
