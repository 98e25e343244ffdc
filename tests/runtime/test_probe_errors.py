"""What cannot be measured is neither a pass nor a failure: a ProbeError that says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import (
    Limits,
    ProbeError,
    assert_connected,
    assert_finite,
    assert_healthy,
    assert_no_exploding,
    assert_no_vanishing,
    diagnose,
    record,
)
from tests.runtime.models import WIDTH, chain, labels, vectors

PROBES: tuple[Callable[..., Any], ...] = (
    record,
    diagnose,
    assert_healthy,
    assert_finite,
    assert_connected,
    assert_no_vanishing,
    assert_no_exploding,
)


def _made_in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return nn.Linear(WIDTH, 4)


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "no parameters": (nn.ReLU, r"ReLU has no parameters"),
    "all frozen": (
        lambda: nn.Linear(WIDTH, 4).requires_grad_(False),
        r"every parameter of Linear is frozen \(requires_grad=False\)",
    ),
    "meta device": (lambda: nn.Linear(WIDTH, 4, device="meta"), r"Linear.*meta device.*to_empty"),
    "partly on the meta device": (
        lambda: nn.Sequential(nn.Linear(WIDTH, 4), nn.Linear(4, 4, device="meta")),
        r"Sequential.*meta device",
    ),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(4)), r"Sequential.*lazy.*call it once"),
    "made in inference mode": (_made_in_inference_mode, r"Linear was made under.*inference_mode"),
    "a function": (lambda: torch.relu, r"expected a torch.nn.Module, got builtin"),
    "a class": (lambda: nn.Linear, r"expected a torch.nn.Module, got type"),
    "nothing": (lambda: None, r"expected a torch.nn.Module, got NoneType"),
}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_models_that_cannot_be_measured(name: str, probe: Callable[..., Any]) -> None:
    make, sentence = MODELS[name]
    with pytest.raises(ProbeError, match=sentence):
        probe(make(), vectors())


BATCHES: dict[str, tuple[Any, str]] = {
    "empty tuple": ((), r"the batch is empty.*at least one sample"),
    "empty list": ([], r"the batch is empty"),
    "empty dict": ({}, r"the batch is empty"),
    "no rows": (torch.empty(0, WIDTH), r"empty tensor of shape \(0, 32\).*at least one sample"),
    "no columns": ({"input": torch.empty(4, 0)}, r"empty tensor of shape \(4, 0\)"),
    "nested": (({"deep": [torch.ones(2), torch.empty(0)]},), r"empty tensor of shape \(0,\)"),
}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("name", BATCHES)
def test_batches_without_a_sample(name: str, probe: Callable[..., Any]) -> None:
    batch, sentence = BATCHES[name]
    with pytest.raises(ProbeError, match=sentence):
        probe(chain(nn.ReLU, 1), batch)


def _per_sample(out: Tensor, target: Tensor) -> Tensor:
    return nn.functional.cross_entropy(out, target, reduction="none")


LOSSES: dict[str, tuple[dict[str, Any], str]] = {
    "loss per sample": (
        {"loss_fn": _per_sample},
        r"loss_fn must return a scalar loss.*shape \(16,\)",
    ),
    "loss is a float": (
        {"loss_fn": lambda out, _: out.sum().item()},
        r"loss_fn must return a scalar tensor.*returned float",
    ),
    "step returns nothing": (
        {"step": lambda *_: None},
        r"step\(model, batch\) must return a scalar tensor.*returned NoneType",
    ),
    "step returns the output": (
        {"step": lambda model, batch: model(batch[0])},
        r"step\(model, batch\) must return a scalar loss.*shape \(16, 4\)",
    ),
}


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("name", LOSSES)
def test_losses_that_are_none(name: str, probe: Callable[..., Any]) -> None:
    keywords, sentence = LOSSES[name]
    with pytest.raises(ProbeError, match=sentence):
        probe(chain(nn.ReLU, 1), (vectors(), labels()), **keywords)


class Classes(nn.Module):
    """Returns class indices only."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(WIDTH, 4)

    def forward(self, x: Tensor) -> Any:
        return self.fc(x).argmax(dim=1)


@pytest.mark.parametrize("probe", PROBES)
def test_integer_output_has_no_loss(probe: Callable[..., Any]) -> None:
    with pytest.raises(ProbeError, match=r"Tensor without a floating point tensor.*pass loss_fn="):
        probe(Classes(), vectors())


def test_unknown_check_lists_the_known_ones() -> None:
    with pytest.raises(ProbeError, match=r"unknown check vanish; the checks are .*vanishing"):
        diagnose(chain(nn.ReLU, 1), vectors(), checks=["vanish"])
    with pytest.raises(ProbeError, match=r"no check named"):
        diagnose(chain(nn.ReLU, 1), vectors(), checks=[])


@pytest.mark.parametrize("value", [-1.0, float("nan"), "1e-4", None, True])
def test_impossible_limits_are_refused(value: Any) -> None:
    with pytest.raises(ProbeError, match=r"limit vanishing_share=.* must be"):
        Limits(vanishing_share=value)
    with pytest.raises(
        ProbeError, match=r"unknown limit vanishing; the limits are .*vanishing_share"
    ):
        Limits().replace(vanishing=1.0)


def test_a_loss_that_sends_nothing_back_is_not_a_pass() -> None:
    model = chain(nn.ReLU, 3)
    diagnosis = diagnose(model, vectors(), lambda out: (out * 0).sum())
    assert diagnosis.verdicts["vanishing"] == "not_observed"
    assert diagnosis.verdicts["exploding"] == "not_observed"
    with pytest.raises(ProbeError, match=r"vanishing could not be observed.*exactly zero to 6"):
        assert_no_vanishing(model, vectors(), lambda out: (out * 0).sum())


def test_the_models_own_error_is_not_dressed_up() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        diagnose(chain(nn.ReLU, 1), vectors(width=WIDTH + 1))
