"""assert_learns: one batch can be learned by heart, by looking at its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, ProbeError, assert_learns
from tests.runtime.models import SmallResNet, Transformer, chain, images, labels, tokens, vectors
from tests.runtime.traces import photograph


def test_a_chain_learns_and_nothing_is_left_behind() -> None:
    model, batch = chain(nn.ReLU, 2), (vectors(), labels())
    before = photograph(model, *batch)
    fit = assert_learns(model, batch, F.cross_entropy)
    assert fit.share <= 0.7
    assert fit.looked is not None
    assert fit.looked < 0.9
    assert photograph(model, *batch) == before


@pytest.mark.parametrize(
    ("build", "make"),
    [
        (SmallResNet, lambda: (images(), labels(4))),
        (lambda: SmallResNet(zero_gamma=True).eval(), lambda: (images(), labels(4))),
        (lambda: chain(nn.Sigmoid, 1), lambda: (vectors(), labels())),
    ],
)
def test_healthy_models(build: Callable[[], nn.Module], make: Callable[[], Any]) -> None:
    assert_learns(build(), make(), F.cross_entropy)


def test_dropout_and_tokens() -> None:
    def step(model: Any, batch: Any) -> Tensor:
        return F.cross_entropy(model(batch[0]).mean(1), batch[1])

    assert_learns(Transformer(dropout=0.3), (tokens(), labels(4)), step=step)


def test_a_mean_that_is_far_from_zero_is_not_learning() -> None:
    class Deaf(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            return self.bias.expand(len(x), 1) + 0 * x[:, :1]

    batch = vectors(), 5 + torch.randn(16, 1)
    with pytest.raises(GradientHealthError, match="not by looking at the samples"):
        assert_learns(Deaf(), batch, F.mse_loss)
    assert_learns(nn.Linear(32, 1), batch, F.mse_loss)


def test_where_exchanging_cannot_tell_the_loss_alone_decides() -> None:
    fit = assert_learns(chain(nn.ReLU, 1), (vectors(), torch.zeros(16).long()), F.cross_entropy)
    assert fit.looked is None


@pytest.mark.parametrize("softmaxed", [False, True])
def test_softmax_before_cross_entropy_stops_short(softmaxed: bool) -> None:
    torch.manual_seed(0)
    batch = vectors(), torch.arange(16)
    body = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 100))
    if not softmaxed:
        assert_learns(body, batch, F.cross_entropy)
        return
    with pytest.raises(GradientHealthError, match="not_learning: the loss on one batch falls to"):
        assert_learns(nn.Sequential(body, nn.Softmax(1)), batch, F.cross_entropy)


def test_a_loss_below_zero_and_a_floor() -> None:
    def likelihood(model: Any, batch: Any) -> Tensor:
        deviation = F.softplus(model(batch[0])[:, :1]) + 1e-3
        loss: Tensor = (0.5 * (batch[1] / deviation) ** 2 + deviation.log()).mean() - 3
        return loss

    assert_learns(nn.Linear(32, 2), (vectors(), 0.01 * torch.randn(16, 1)), step=likelihood)
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.8)
    batch = vectors(), labels()
    with pytest.raises(GradientHealthError, match="not_learning"):
        assert_learns(chain(nn.ReLU, 1), batch, smoothed)
    assert_learns(chain(nn.ReLU, 1), batch, smoothed, floor=1.332)


def test_the_given_optimizer_is_the_only_one() -> None:
    batch = vectors(), labels()

    def slow(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=1e-6)

    with pytest.raises(GradientHealthError) as failure:
        assert_learns(chain(nn.ReLU, 1), batch, F.cross_entropy, optimizer=slow)
    assert str(failure.value).count(" steps") == 2
    with pytest.raises(ProbeError, match=r"torch\.optim\.SGD"):
        assert_learns(chain(nn.ReLU, 1), batch, F.cross_entropy, optimizer=lambda _p: None)


def test_what_cannot_be_measured_is_no_pass() -> None:
    with pytest.raises(ProbeError, match="needs a loss"):
        assert_learns(chain(nn.ReLU, 1), vectors())
    with pytest.raises(ProbeError, match="nothing to learn"):
        assert_learns(nn.Linear(4, 4), torch.ones(2, 4), lambda out: out.sum() * 0)


def test_a_diverging_loss_is_told() -> None:
    def steep(output: Tensor) -> Tensor:
        return output.exp().exp().exp().sum()

    model = nn.Linear(8, 8)
    with pytest.raises(GradientHealthError, match="is not finite"):
        assert_learns(model, 10 * torch.ones(4, 8), steep)


def test_message(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    model, batch = chain(nn.Sigmoid, 12), (vectors(), torch.arange(16) % 4)
    with pytest.raises(GradientHealthError) as failure:
        assert_learns(model, batch, F.cross_entropy, limits=Limits(learns_steps=20))
    snapshot("learns", str(failure.value))
    assert failure.value.findings[0].limit_name == "learns_share"
