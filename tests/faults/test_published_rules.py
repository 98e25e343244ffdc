"""The re-implemented rules fire at their published thresholds and leave the model's twin alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.faults.published_rules import autotrainer, sagemaker_debugger
from tests.faults.subject import Subject


def _subject(build: Callable[[], nn.Module], scale: float = 1.0) -> Subject:
    def batch() -> tuple[Tensor, Tensor]:
        return torch.randn(64, 8), torch.randint(0, 4, (64,))

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return scale * F.cross_entropy(output, target)

    return Subject("stub", build, batch, loss)


def _net(activation: Callable[[], nn.Module], bias: float = 0.0) -> nn.Module:
    net = nn.Sequential(nn.Linear(8, 32), activation(), nn.Linear(32, 4))
    with torch.no_grad():
        net.get_parameter("0.bias").add_(bias)
    return net


def _said(subject: Subject, rules: Callable[[Subject], object]) -> list[tuple[str, str]]:
    verdict = rules(subject)
    return [(found.symptom, found.where) for found in verdict.findings]  # type: ignore[attr-defined]


def test_a_plain_net_is_clean() -> None:
    for activation in (nn.ReLU, nn.Tanh, nn.Sigmoid):
        subject = _subject(lambda activation=activation: _net(activation))  # type: ignore[misc]
        assert _said(subject, sagemaker_debugger) == []
        assert _said(subject, autotrainer) == []


def test_dead_relu_also_in_place() -> None:
    for inplace in (False, True):
        build = lambda inplace=inplace: _net(lambda: nn.ReLU(inplace), bias=-100.0)  # noqa: E731
        said = _said(_subject(build), sagemaker_debugger)
        assert said[0] == ("dead_units", "1")
        assert ("vanishing", "0.weight") in said


def test_saturation_is_judged_on_what_the_activation_is_given() -> None:
    assert _said(_subject(lambda: _net(nn.Tanh, bias=9.0)), sagemaker_debugger) != [
        ("saturation", "1")
    ]
    assert ("saturation", "1") in _said(
        _subject(lambda: _net(nn.Tanh, bias=20.0)), sagemaker_debugger
    )
    assert ("saturation", "1") in _said(
        _subject(lambda: _net(nn.Sigmoid, bias=-40.0)), sagemaker_debugger
    )


def test_a_vanishing_mean_gradient_is_absolute() -> None:
    assert _said(_subject(lambda: _net(nn.ReLU), scale=1e-7), sagemaker_debugger)
    assert _said(_subject(lambda: _net(nn.ReLU), scale=1e-3), sagemaker_debugger) == []


def test_a_nan_is_named_nonfinite_by_one_and_exploding_by_the_other() -> None:
    def build() -> nn.Module:
        net = _net(nn.ReLU)
        with torch.no_grad():
            net.get_parameter("2.weight")[0, 0] = torch.nan
        return net

    assert _said(_subject(build), sagemaker_debugger)[0] == ("nonfinite", "")
    assert _said(_subject(build), autotrainer)[0][0] == "exploding"


def test_autotrainer_compares_first_and_last_kernel() -> None:
    def shrunk(scale: float) -> Callable[[], nn.Module]:
        def build() -> nn.Module:
            net = _net(nn.ReLU)
            with torch.no_grad():
                net.get_parameter("2.weight").mul_(scale)
            return net

        return build

    assert _said(_subject(shrunk(1e-6)), autotrainer) == [("vanishing", "0.weight")]
    assert _said(_subject(shrunk(1e-2)), autotrainer) == []
    assert _said(_subject(shrunk(1e3)), autotrainer)[0] == ("exploding", "0.weight")


def test_autotrainer_calls_mostly_zero_gradients_dying() -> None:
    said = _said(_subject(lambda: _net(nn.ReLU, bias=-100.0)), autotrainer)
    assert ("dead_units", "") in said
