"""Dead units: layers off for every sample are accused; sparse, small and waking ones are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import Limits, assert_no_dead_units, diagnose
from pytest_gradhealth.errors import GradientHealthError
from pytest_gradhealth.facts import Diagnosis
from tests.runtime.models import (
    WIDTH,
    Gated,
    SmallResNet,
    Transformer,
    chain,
    he,
    images,
    labels,
    tokens,
    vectors,
)

OFF = -10.0  # far below anything that N(0, 1) inputs reach


class Middle(nn.Module):
    """A stem, a layer, an activation function, a head: the layer's biases are all ``bias``."""

    def __init__(
        self, activation: Callable[[Tensor], Tensor], bias: float = OFF, width: int = WIDTH
    ) -> None:
        super().__init__()
        self.stem, self.layer = nn.Linear(WIDTH, width), nn.Linear(width, width)
        self.activation = activation
        self.head = nn.Linear(width, 4)
        nn.init.constant_(self.layer.bias, bias)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.activation(self.layer(torch.tanh(self.stem(x)))))


QUICK = Limits(remedy_seconds=0.0)  # remedies have tests of their own


def judged(model: nn.Module, x: Tensor, **options: Any) -> Diagnosis:
    options.setdefault("limits", QUICK)
    return diagnose(model, (x, labels(len(x))), F.cross_entropy, checks=["dead_units"], **options)


# Each with a bias under which nothing gets through, and one under which it does.
ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], float, float]] = {
    "nn.ReLU": (nn.ReLU(), OFF, 0.0),
    "nn.ReLU(inplace=True)": (nn.ReLU(inplace=True), OFF, 0.0),
    "F.relu": (F.relu, OFF, 0.0),
    "Tensor.relu_": (Tensor.relu_, OFF, 0.0),
    "clamp(min=0)": (lambda x: x.clamp(min=0), OFF, 0.0),
    "nn.ReLU6": (nn.ReLU6(), OFF, 0.0),
    "nn.Threshold": (nn.Threshold(0.5, 0.0), OFF, 0.5),
    "nn.GELU": (nn.GELU(), OFF, -1.0),
    "F.gelu": (F.gelu, OFF, -1.0),
    "nn.SiLU": (nn.SiLU(), -25.0, -5.0),
    "nn.Mish": (nn.Mish(), -25.0, -5.0),
    "nn.Hardswish": (nn.Hardswish(), OFF, -1.0),
    "nn.ELU": (nn.ELU(), -20.0, -3.0),
    "nn.CELU": (nn.CELU(), -20.0, -3.0),
    "nn.Softplus": (nn.Softplus(), -20.0, -3.0),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_layer_that_is_off_is_accused(name: str) -> None:
    activation, off, _ = ACTIVATIONS[name]
    diagnosis = judged(Middle(activation, off), vectors())
    (finding,) = diagnosis.findings
    assert (finding.symptom, finding.where) == ("dead_units", "layer")
    assert (finding.measured, finding.limit) == (1.0, Limits().dead_share)
    assert finding.message.startswith(f"{WIDTH} of {WIDTH} units of ")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_same_layer_with_an_ordinary_bias_is_not(name: str) -> None:
    activation, _, alive = ACTIVATIONS[name]
    assert judged(Middle(activation, alive), vectors()).verdicts == {"dead_units": "pass"}


@pytest.mark.parametrize("activation", [nn.LeakyReLU(), F.leaky_relu, nn.PReLU(), nn.Tanh()])
def test_what_always_has_a_slope_never_dies(activation: Callable[[Tensor], Tensor]) -> None:
    assert judged(Middle(activation), vectors()).verdicts["dead_units"] != "fail"


def test_the_finding_tells_which_units_of_which_call() -> None:
    module = judged(Middle(nn.ReLU()), vectors()).findings[0]
    call = judged(Middle(F.relu), vectors()).findings[0]
    assert module.message == (
        "32 of 32 units of activation (ReLU) are never active, so no gradient passes them"
    )
    assert "32 of 32 units of the ReLU after layer" in call.message
    told = dict(module.observations)
    limit = f"{Limits().dead_share:.0%}"
    assert told["Measured"].startswith(f"100% of its units (limit {limit}), over 16 values of each")
    assert told["Where"] == "fed by layer (Linear)"
    assert told["Cuts"] == "every way to the layers before it"
    assert "2 more seeds, and after 10 Adam steps" in told["Confirmed"]
    assert module.source.partition(":")[0].endswith("test_dead_units.py")
    with pytest.raises(GradientHealthError, match=r"^dead_units: 32 of 32 units"):
        assert_no_dead_units(Middle(nn.ReLU()), vectors())


def _convolutional(norm_bias: float, conv_bias: float = 0.0) -> nn.Sequential:
    model = nn.Sequential(
        nn.Conv2d(3, 24, 3), nn.BatchNorm2d(24), nn.ReLU(), nn.Conv2d(24, 24, 3), nn.ReLU()
    )
    nn.init.constant_(model[1].get_parameter("bias"), norm_bias)
    nn.init.constant_(model[3].get_parameter("bias"), conv_bias)
    return nn.Sequential(model, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 4))


@pytest.mark.parametrize(
    ("norm_bias", "conv_bias", "where"),
    [(OFF, 0.0, "0.1"), (0.0, OFF, "0.3"), (0.0, 0.0, ""), (-1.0, 0.0, "")],
)
def test_where_names_the_norm_or_convolution_that_turns_it_off(
    norm_bias: float, conv_bias: float, where: str
) -> None:
    diagnosis = judged(_convolutional(norm_bias, conv_bias), images(8))
    assert [finding.where for finding in diagnosis.findings] == [where] * bool(where)
    if where:
        assert diagnosis.findings[0].message.startswith("24 of 24 units")


class SqueezeExcite(nn.Module):
    """Convolution with channel gates behind a narrow ReLU, half of whose units are off."""

    def __init__(self, channels: int = 16, squeezed: int = 4) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, channels, 3), nn.Linear(channels, 4)
        self.squeeze, self.excite = nn.Linear(channels, squeezed), nn.Linear(squeezed, channels)
        with torch.no_grad():
            self.squeeze.bias[: squeezed // 2] = OFF

    def forward(self, x: Tensor) -> Any:
        x = self.conv(x)
        gates = self.excite(F.relu(self.squeeze(x.mean(dim=(2, 3))))).sigmoid()
        return self.head((x * gates[:, :, None, None]).mean(dim=(2, 3)))


NEAR_MISSES: dict[str, tuple[Callable[[], nn.Module], Callable[[], Tensor]]] = {
    "squeeze and excite, half off": (SqueezeExcite, images),
    "relu x20, He": (lambda: chain(nn.ReLU, 20, init=he), vectors),
    "relu x8, one sample": (lambda: chain(nn.ReLU, 8, init=he), lambda: vectors(1)),
    "relu, two units": (lambda: Middle(F.relu, 0.0, width=2), vectors),
    "resnet": (SmallResNet, images),
    "resnet, zero gamma": (lambda: SmallResNet(zero_gamma=True), images),
    "residual": (lambda: Gated(4, 1.0), vectors),
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_not_accused(name: str) -> None:
    make, batch = NEAR_MISSES[name]
    diagnosis = judged(make(), batch())
    assert diagnosis.verdicts == {"dead_units": "pass"}, diagnosis.reasons


def test_a_transformer_is_not_accused() -> None:
    diagnosis = diagnose(Transformer(), tokens(), checks=["dead_units"])
    assert diagnosis.verdicts == {"dead_units": "pass"}


def test_one_sample_is_enough_to_see_a_layer_that_is_off() -> None:
    assert [f.where for f in judged(Middle(F.relu), vectors(1)).findings] == ["layer"]


def test_a_dead_layer_comes_before_the_fade_that_it_causes() -> None:
    model = chain(nn.ReLU, 4, init=he)
    nn.init.constant_(model[4].get_parameter("bias"), -100.0)
    diagnosis = diagnose(model, (vectors(), labels()), F.cross_entropy)
    assert (diagnosis.findings[0].symptom, diagnosis.findings[0].where) == ("dead_units", "4")
