"""assert_update_ratio: an optimizer moves its weights, neither too little nor too far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, ProbeError, assert_update_ratio
from pytest_gradhealth.facts import Updates
from tests.runtime.models import chain, labels, vectors
from tests.runtime.traces import photograph

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


torch.manual_seed(0)
BATCH = torch.randn(16, 32), labels()


def ratio(model: nn.Module, optimizer: Any, **keywords: Any) -> Updates:
    return assert_update_ratio(model, BATCH, F.cross_entropy, optimizer=optimizer, **keywords)


class Muon:
    """Anything with step(): momentum, orthogonalised by an SVD."""

    def __init__(self, params: Any, lr: float) -> None:
        self.params, self.lr = list(params), lr
        self.velocities: dict[Tensor, Tensor] = {}

    def step(self) -> None:
        with torch.no_grad():
            for parameter in self.params:
                assert parameter.grad is not None
                held = self.velocities.setdefault(parameter, torch.zeros_like(parameter))
                held.mul_(0.9).add_(parameter.grad)
                u, _, v = torch.linalg.svd(held, full_matrices=False)
                parameter.sub_(self.lr * u @ v)


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=1e-3),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "AMSGrad": lambda p: torch.optim.Adam(p, lr=1e-3, amsgrad=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=1e-3),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-2),
    "Adadelta": torch.optim.Adadelta,
    "Rprop": lambda p: torch.optim.Rprop(p, lr=1e-3),
    "LBFGS": lambda p: torch.optim.LBFGS(p, lr=0.1, max_iter=2),
    "Muon": lambda p: Muon([x for x in p if x.dim() == 2], lr=0.02),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_passes_and_is_left_as_it_was(name: str) -> None:
    model = chain(nn.ReLU, 2)
    optimizer = OPTIMIZERS[name](model.parameters())
    before, held = photograph(model), repr(vars(optimizer))
    made = ratio(model, optimizer, ignore="*.bias")
    assert 1e-5 < made.groups[0].ratio < 0.2
    assert photograph(model) == before
    assert repr(vars(optimizer)) == held


def test_a_used_optimizer_keeps_its_moments() -> None:
    model = chain(nn.ReLU, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    F.cross_entropy(model(vectors()), labels()).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    kept = {id(t): t.clone() for s in optimizer.state.values() for t in s.values()}
    ratio(model, optimizer)
    assert len(optimizer.state) == 6
    for state in optimizer.state.values():
        for tensor in state.values():
            assert torch.equal(tensor, kept[id(tensor)])


def test_the_ratio_of_plain_sgd_is_the_formula() -> None:
    model = nn.Linear(32, 4, bias=False)
    batch = vectors(), labels()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(batch[0]), batch[1]), [model.weight])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    made = assert_update_ratio(model, batch, F.cross_entropy, optimizer=optimizer)
    expected = 1e-4 * float(gradient.norm() / model.weight.detach().norm())
    assert made.groups[0].ratio == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: torch.optim.Adam(p, lr=1.0), r"one step changes group 0 \(lr 1\) by"),
        (lambda p: torch.optim.SGD(p, lr=100.0), "group 0"),
        (lambda p: torch.optim.Adam(p, lr=1e-8), r"limit 1e-06"),
        (lambda p: torch.optim.SGD(p, lr=1e-9), r"limit 1e-06|does not move"),
    ],
)
def test_rates_that_do_not_train(make: Callable[[Any], Any], told: str) -> None:
    model = chain(nn.ReLU, 4)
    with pytest.raises(GradientHealthError, match=told):
        ratio(model, make(model.parameters()))


def test_a_group_of_zeros_only_has_to_move() -> None:
    model = chain(nn.ReLU, 1)
    nn.init.zeros_(model.get_parameter("2.weight"))
    groups = [
        {"params": [model.get_parameter("0.weight"), model.get_parameter("0.bias")]},
        {"params": [model.get_parameter("2.weight"), model.get_parameter("2.bias")]},
    ]
    nn.init.zeros_(model.get_parameter("2.bias"))
    made = ratio(model, torch.optim.Adam(groups, lr=1e-3))
    assert made.groups[-1].moved
    assert made.groups[-1].size == 0.0


def test_what_wakes_up_behind_a_head_of_zeros_counts() -> None:
    model = chain(nn.ReLU, 1)
    nn.init.zeros_(model.get_parameter("2.weight"))
    made = ratio(model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert {"0.weight", "2.weight"} <= set(made.groups[0].parameters)
    assert 1e-4 < made.groups[0].ratio < 0.1
    with pytest.raises(GradientHealthError, match="one step changes"):
        ratio(model, torch.optim.Adam(model.parameters(), lr=1.0))


def test_rare_rows_of_an_embedding_are_not_held_against_it() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(10_000, 8), nn.Flatten(), nn.Linear(8, 4))
    batch = torch.arange(16), labels()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    made = assert_update_ratio(model, batch, F.cross_entropy, optimizer=optimizer)
    assert made.groups[0].ratio > 1e-4


def test_a_forgotten_head_and_an_optimizer_of_another_model() -> None:
    model = chain(nn.ReLU, 1)
    body = torch.optim.Adam(model[0].parameters(), lr=1e-3)
    with pytest.raises(GradientHealthError, match=r"in no group: 2\.weight, 2\.bias"):
        ratio(model, body)
    head = torch.optim.SGD(model[2].parameters(), lr=1e-2)
    assert len(ratio(model, [body, head]).groups) == 2
    ratio(model, body, ignore="2.*")
    with pytest.raises(ProbeError, match="holds none"):
        ratio(model, torch.optim.Adam(chain(nn.ReLU, 1).parameters()))


def test_what_cannot_be_measured_is_no_pass() -> None:
    model = chain(nn.ReLU, 1)
    with pytest.raises(ProbeError, match="warm-up"):
        ratio(model, torch.optim.SGD(model.parameters(), lr=0.0))
    with pytest.raises(ProbeError, match="an object with step"):
        ratio(model, "Adam")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for factor, told in ((torch.nan, "loss is nan"), (0.0, "gradient that is not zero")):
        with pytest.raises(ProbeError, match=told):
            assert_update_ratio(
                model, BATCH[0], lambda out, f=factor: f * out.sum(), optimizer=optimizer
            )


def test_message(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    model = chain(nn.ReLU, 2)
    with pytest.raises(GradientHealthError) as failure:
        ratio(model, torch.optim.Adam(model.parameters(), lr=1.0))
    snapshot("update_ratio", str(failure.value))
