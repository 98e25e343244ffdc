"""What a model repo would write: the fixture, its assertions, and one accepted number."""

import pytest
import torch
from torch import Tensor, nn

from examples.seed_relu.exploding_chain import NUM_LAYERS, ExplodingChain
from examples.seed_relu.remedied import (
    HeChain,
    NormalisedSigmoid,
    ResidualTanh,
    XavierTanh,
    normalised,
)
from examples.seed_relu.vanishing_stacks import DeepSigmoid, DeepTanh
from pytest_gradhealth import GradientHealth, GradientHealthError


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def batch() -> Tensor:
    return normalised(torch.rand(32, 64) * 255)


def test_the_chain_explodes(gradhealth: GradientHealth) -> None:
    with pytest.raises(GradientHealthError, match=r"grows x1\.[45]\d? per layer") as failure:
        gradhealth.assert_no_exploding(ExplodingChain(), torch.rand(16, 1) + 0.5)
    (finding,) = failure.value.diagnosis.findings
    assert 1.5 ** (NUM_LAYERS - 1) / 2 < finding.measured < 1.5 ** (NUM_LAYERS - 1) * 2
    clipping = next(r for r in finding.remedies if r.name.startswith("clip_grad_norm_"))
    assert clipping.outcome == "healthy"


@pytest.mark.parametrize("network", [DeepSigmoid, DeepTanh])
def test_bounded_stacks_vanish(
    gradhealth: GradientHealth, batch: Tensor, network: type[nn.Module]
) -> None:
    with pytest.raises(GradientHealthError, match="vanishing"):
        gradhealth.assert_no_vanishing(network(), batch)


@pytest.mark.parametrize("network", [HeChain, NormalisedSigmoid, ResidualTanh, XavierTanh])
def test_remedied_networks_are_healthy(
    gradhealth: GradientHealth, batch: Tensor, network: type[nn.Module]
) -> None:
    model = network()
    gradhealth.assert_no_vanishing(model, batch)
    gradhealth.assert_no_exploding(model, batch)
    gradhealth.assert_healthy(model, batch)


@pytest.mark.gradhealth(vanishing_share=1e-30)
def test_a_known_number_is_accepted(gradhealth: GradientHealth, batch: Tensor) -> None:
    gradhealth.assert_no_vanishing(DeepSigmoid(), batch)
