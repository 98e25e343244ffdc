"""Collapse: samples end up alike; that a batch's samples are alike is not the model's doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, ProbeError, assert_no_collapse, diagnose
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import (
    WIDTH,
    Gated,
    Recurrent,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    labels,
    tokens,
    vectors,
    xavier,
)

QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor, **options: Any) -> Diagnosis:
    options.setdefault("limits", QUICK)
    return diagnose(model, (x, labels(len(x))), F.cross_entropy, checks=["collapse"], **options)


class Between(nn.Module):
    """A two-layer body, a function, a layer behind it, a head."""

    def __init__(self, function: Callable[[Tensor], Tensor], width: int = WIDTH) -> None:
        super().__init__()
        self.stem, self.body = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, width)
        self.between = function
        self.after, self.head = nn.Linear(width, WIDTH), nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        x = self.between(self.body(self.stem(x).relu()))
        return self.head(self.after(x).relu())


# What loses the difference, the width it works on, and the layer to be named.
SICK: dict[str, tuple[Callable[[Tensor], Tensor], int, str]] = {
    "softmax over one feature": (lambda x: x.softmax(dim=1), 1, "after"),
    "LayerNorm over one feature": (nn.LayerNorm(1), 1, "between"),
    "the batch's mean for all": (lambda x: x.mean(0, keepdim=True).expand_as(x), WIDTH, "after"),
    "a constant that drowns all": (lambda x: x + 1e7, WIDTH, "after"),
    "multiplied by zero": (lambda x: x * 0, WIDTH, "after"),
    "multiplied by 1e-9": (lambda x: x * 1e-9, WIDTH, "after"),
    "always the first sample": (lambda x: x[:1].expand_as(x), WIDTH, "after"),
}


@pytest.mark.parametrize("name", SICK)
def test_sick_models_are_accused_at_the_layer_that_loses_it(name: str) -> None:
    function, width, where = SICK[name]
    (finding,) = judged(Between(function, width), vectors()).findings
    assert (finding.symptom, finding.where) == ("collapse", where)
    assert finding.measured < finding.limit == Limits().collapse_spread


NEAR_MISSES: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax over features": lambda x: x.softmax(dim=1),
    "LayerNorm": nn.LayerNorm(WIDTH),
    "centred by the batch's mean": lambda x: x - x.mean(0, keepdim=True),
    "a constant that does not drown": lambda x: x + 10,
    "BatchNorm brings it back": nn.Sequential(
        nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.BatchNorm1d(WIDTH, eps=1e-14)
    ),
    "rolled along the batch": lambda x: x.roll(1, 0),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_not(name: str) -> None:
    diagnosis = judged(Between(NEAR_MISSES[name]), vectors())
    assert diagnosis.verdicts == {"collapse": "pass"}, diagnosis.reasons


def test_a_normalisation_brings_small_differences_back() -> None:
    def drowned(norm: nn.Module) -> nn.Module:
        body = chain(nn.Tanh, 1)
        nn.init.constant_(body[0].get_parameter("bias"), 3.0)
        nn.init.normal_(body[0].get_parameter("weight"), std=1e-4)
        return nn.Sequential(body[:2], norm, nn.Linear(WIDTH, 4))

    # Without one, Adam's first steps bring them back.
    assert judged(drowned(nn.Identity()), vectors()).verdicts == {"collapse": "expected"}
    norm = nn.BatchNorm1d(WIDTH, eps=1e-14)
    assert judged(drowned(norm), vectors()).verdicts == {"collapse": "pass"}


def _zero_head(model: nn.Sequential) -> nn.Sequential:
    nn.init.zeros_(model[-1].get_parameter("weight"))
    nn.init.zeros_(model[-1].get_parameter("bias"))
    return model


HEALTHY: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "relu x4": (lambda: chain(nn.ReLU, 4), vectors),
    "relu x20, He": (lambda: chain(nn.ReLU, 20, init=he), vectors),
    "tanh x20, Xavier": (lambda: chain(nn.Tanh, 20, init=xavier), vectors),
    "sigmoid x2": (lambda: chain(nn.Sigmoid, 2), vectors),
    "relu x20, batch norm": (lambda: chain(nn.ReLU, 20, norm=nn.BatchNorm1d), vectors),
    "residual": (lambda: Gated(8, 1.0), vectors),
    "resnet": (SmallResNet, images),
    "lstm": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(4, 8, 8)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_models_pass(name: str) -> None:
    make, batch = HEALTHY[name]
    assert judged(make(), batch()).verdicts == {"collapse": "pass"}


@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_transformer_passes(pre_norm: bool) -> None:
    diagnosis = diagnose(Transformer(pre_norm=pre_norm), tokens(), checks=["collapse"])
    assert diagnosis.verdicts == {"collapse": "pass"}


def test_a_head_of_zeros_is_not_accused() -> None:
    diagnosis = judged(_zero_head(chain(nn.ReLU, 3, init=he)), vectors())
    assert diagnosis.verdicts["collapse"] != "fail", diagnosis.reasons


def test_a_head_of_zeros_with_a_random_bias_is_expected() -> None:
    model = chain(nn.ReLU, 3, init=he)
    nn.init.zeros_(model[-1].get_parameter("weight"))
    diagnosis = judged(model, vectors())
    assert diagnosis.verdicts == {"collapse": "expected"}, diagnosis.reasons
    assert "after 10 Adam steps" in diagnosis.reasons["collapse"][0]


def test_alike_samples_and_a_lone_one_are_not_observed() -> None:
    sick = Between(lambda x: x * 0)
    for batch in (vectors(1), vectors(1).expand(16, WIDTH)):
        diagnosis = judged(sick, batch)
        assert diagnosis.verdicts == {"collapse": "not_observed"}
        with pytest.raises(ProbeError, match="collapse could not be observed"):
            assert_no_collapse(sick, batch)


class WithLoss(nn.Module):
    """Takes ``x`` and ``labels`` by name and returns its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Between(torch.relu)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Any:
        logits = self.body(x)
        loss = None if labels is None else F.cross_entropy(logits, labels)
        return {"logits": logits, "loss": loss}


def test_targets_are_no_inputs() -> None:
    """Alike samples with different targets: the model cannot tell them apart, nor should it."""
    alike = torch.ones(16, WIDTH)
    as_tuple = diagnose(Between(torch.relu), (alike, labels()), F.cross_entropy)
    assert as_tuple.verdicts["collapse"] == "not_observed"
    as_mapping = diagnose(WithLoss(), {"x": alike, "labels": labels()})
    assert as_mapping.verdicts["collapse"] == "not_observed"
    # With different samples both are observed.
    assert diagnose(WithLoss(), {"x": vectors(), "labels": labels()}).verdicts["collapse"] == "pass"


def test_the_finding_tells_where_and_by_how_much() -> None:
    model = Between(lambda x: x.mean(0, keepdim=True).expand_as(x))
    (finding,) = judged(model, vectors()).findings
    assert finding.message.startswith("at head the samples differ by 0.0e+00 of the output")
    told = dict(finding.observations)
    assert told["Where"] == "the difference is lost from after (Linear) on"
    assert "after 10 Adam steps" in told["Confirmed"]
    rows = {row.name: row.failing for row in finding.rows}
    assert rows["stem"] is rows["body"] is False
    assert rows["after"] is rows["head"] is True
    with pytest.raises(GradientHealthError, match=r"^collapse: at head "):
        assert_no_collapse(model, vectors())


def test_a_gradual_loss_is_blamed_on_where_it_starts() -> None:
    (finding,) = judged(chain(nn.Sigmoid, 12), vectors()).findings
    assert finding.where == "0"
    healthy = [m for _ in range(4) for m in (nn.Linear(WIDTH, WIDTH), nn.ReLU())]
    for layer in healthy[::2]:
        he(layer.get_parameter("weight"))
    (finding,) = judged(nn.Sequential(*healthy, chain(nn.Sigmoid, 12)), vectors()).findings
    assert finding.where in {"8.0", "8.2"}  # around its first sigmoid


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_losss_scale_changes_nothing(scale: float) -> None:
    def loss(output: Tensor, y: Tensor) -> Tensor:
        return scale * F.cross_entropy(output, y)

    for model, sick in ((Between(lambda x: x * 0), True), (Between(torch.relu), False)):
        diagnosis = diagnose(model, (vectors(), labels()), loss, checks=["collapse"])
        assert diagnosis.healthy is not sick


def test_the_limit_decides() -> None:
    model, x = Between(lambda x: x + 10), vectors()
    assert judged(model, x).healthy
    assert not judged(model, x, limits=Limits(collapse_spread=0.1)).healthy
