"""Cut is not unused: where the graph is cut, and what is merely not used by this batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import assert_connected, assert_healthy, diagnose
from pytest_gradhealth.errors import GradientHealthError
from tests.runtime.models import WIDTH, chain, vectors


class Cut(nn.Module):
    """An encoder, something between, a head."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.encoder = chain(nn.ReLU, 1)
        self.head = nn.Linear(4, 2)
        self.between = between

    def forward(self, x: Tensor) -> Any:
        return self.head(self.between(self.encoder(x)))


CUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "detach": torch.detach,
    ".data": lambda x: x.data,
    "numpy round trip": lambda x: torch.from_numpy(x.detach().numpy().copy()),
    "a new tensor": lambda x: torch.tensor(x.tolist()),
    "argmax and one-hot": lambda x: F.one_hot(x.argmax(dim=1), 4).float(),
    "rounding": lambda x: torch.round(x).detach(),
    "comparison": lambda x: (x > 0).float(),
    "item": lambda x: torch.stack([torch.full((4,), row.sum().item()) for row in x.unbind()]),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_is_placed_between_two_modules(name: str) -> None:
    model = Cut(CUTS[name])
    diagnosis = diagnose(model, vectors())
    assert diagnosis.symptoms == {"disconnected"}, diagnosis.reasons
    (finding,) = diagnosis.findings
    assert finding.where == "encoder.2"
    explanation = dict(finding.observations)["Where"]
    assert explanation.startswith("between encoder.2 (Linear) and head (Linear)")
    assert {row.name for row in finding.rows} == {
        f"encoder.{i}.{kind}" for i in (0, 2) for kind in ("weight", "bias")
    }
    assert finding.measured == 4
    with pytest.raises(GradientHealthError, match=r"^disconnected: 4 of 6 trainable parameters"):
        assert_connected(model, vectors())


class Unwatched(nn.Module):
    """An encoder that runs without a graph, though its parameters are trainable."""

    def __init__(self, mode: Callable[[], Any]) -> None:
        super().__init__()
        self.encoder = chain(nn.ReLU, 1)
        self.head = nn.Linear(4, 2)
        self.mode = mode

    def forward(self, x: Tensor) -> Any:
        with self.mode():
            x = self.encoder(x)
        return self.head(x)


def test_no_grad_around_an_encoder() -> None:
    (finding,) = diagnose(Unwatched(torch.no_grad), vectors()).findings
    assert finding.symptom == "disconnected"
    assert finding.where.startswith("encoder")
    assert "without building a graph" in dict(finding.observations)["Where"]


def test_no_grad_around_a_frozen_encoder_is_healthy() -> None:
    model = Unwatched(torch.no_grad)
    model.encoder.requires_grad_(False)
    assert_healthy(model, vectors())
    assert_connected(model, vectors())


def test_the_whole_model_without_a_graph() -> None:
    class Frozen(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                return super().forward(x)

    diagnosis = diagnose(Frozen(WIDTH, 4), vectors())
    assert diagnosis.symptoms == {"disconnected"}
    assert set(diagnosis.verdicts.values()) == {"fail", "not_observed"}


def test_a_loss_that_forgets_one_of_two_heads() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Linear(WIDTH, 8)
            self.left, self.right = nn.Linear(8, 2), nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Any:
            x = self.stem(x)
            return self.left(x), self.right(x)

    (finding,) = diagnose(Heads(), vectors(), lambda out: out[0].sum()).findings
    assert finding.where == "right"
    assert "the loss does not depend on it" in dict(finding.observations)["Where"]
    assert diagnose(Heads(), vectors(), lambda out: out[0].sum() + out[1].sum()).healthy


class Bare(nn.Module):
    """A parameter of its own that ``use`` gets, beside a layer."""

    def __init__(self, use: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, 4)
        self.scale = nn.Parameter(torch.ones(4))
        self.use = use

    def forward(self, x: Tensor) -> Any:
        return self.use(self.layer(x), self.scale)


@pytest.mark.parametrize(
    "use",
    [
        lambda x, scale: x * scale.detach(),
        lambda x, scale: x * scale.data,
        lambda x, scale: x * float(scale.sum().item()),
        lambda x, scale: x + (scale > 0),
    ],
)
def test_a_parameter_used_where_no_gradient_flows_is_cut(use: Any) -> None:
    diagnosis = diagnose(Bare(use), vectors())
    assert diagnosis.symptoms == {"disconnected"}
    assert [row.name for row in diagnosis.findings[0].rows] == ["scale"]


@pytest.mark.parametrize(
    "use",
    [lambda x, _scale: x, lambda x, scale: x[:, : scale.shape[0]], lambda x, s: x * s.numel()],
)
def test_a_parameter_its_own_module_never_uses_is_unused(use: Any) -> None:
    diagnosis = diagnose(Bare(use), vectors())
    assert diagnosis.healthy
    assert diagnosis.verdicts["disconnected"] == "not_observed"
    assert diagnosis.reasons["disconnected"] == (
        "scale: its module ran, but no operation used it for this batch",
    )


class Listed(nn.Module):
    """Weights in a ParameterList, which is never called itself."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.randn(8, 8)) for _ in range(2))
        self.cut = cut

    def forward(self, x: Tensor) -> Any:
        first, second = self.weights
        x = x @ first
        return (x.detach() if self.cut else x) @ second


def test_a_parameter_in_a_list_is_cut_like_any_other() -> None:
    assert diagnose(Listed(cut=False), torch.randn(4, 8)).healthy
    diagnosis = diagnose(Listed(cut=True), torch.randn(4, 8))
    assert [row.name for row in diagnosis.findings[0].rows] == ["weights.0"]


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(WIDTH, WIDTH)
        self.pooler = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Any:
        return self.body(x)


def test_an_unused_pooler_is_healthy_but_not_connected() -> None:
    diagnosis = assert_healthy(Pooled(), vectors())
    assert diagnosis.verdicts["disconnected"] == "not_observed"
    assert diagnosis.reasons["disconnected"] == (
        "pooler.weight: its module never ran for this batch",
        "pooler.bias: its module never ran for this batch",
    )
    with pytest.raises(GradientHealthError, match="get no gradient: nothing used them"):
        assert_connected(Pooled(), vectors())
    assert_connected(Pooled(), vectors(), ignore="pooler.*")
    assert_connected(Pooled(), vectors(), ignore=["pooler.weight", "*.bias"])
    with pytest.raises(GradientHealthError, match=r"pooler\.bias"):
        assert_connected(Pooled(), vectors(), ignore=["pooler.weight"])


class Experts(nn.Module):
    """A gate that sends every row to its best expert; the last one is out of favour."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(WIDTH, 3)
        self.experts = nn.ModuleList(nn.Linear(WIDTH, 4) for _ in range(3))
        with torch.no_grad():
            self.gate.bias[2] = -1e3

    def forward(self, x: Tensor) -> Any:
        weight, chosen = self.gate(x).softmax(dim=1).max(dim=1)
        out = torch.zeros(len(x), 4)
        for index, expert in enumerate(self.experts):
            rows = (chosen == index).nonzero().squeeze(1)
            if len(rows):
                out = out.index_add(0, rows, expert(x[rows]) * weight[rows, None])
        return out


def test_an_unrouted_expert_is_not_observed() -> None:
    diagnosis = diagnose(Experts(), vectors(64))
    assert diagnosis.healthy, diagnosis.reasons
    assert len(diagnosis.reasons["disconnected"]) == 2
    assert all(r.startswith("experts.2.") for r in diagnosis.reasons["disconnected"])


class EmptyExperts(Experts):
    """The same, but the expert runs on no rows at all: its gradient is zero, not missing."""

    def forward(self, x: Tensor) -> Any:
        chosen = self.gate(x).argmax(dim=1)
        weights = self.gate(x).softmax(dim=1)
        out = torch.zeros(len(x), 4)
        for index, expert in enumerate(self.experts):
            rows = (chosen == index).nonzero().squeeze(1)
            out = out.index_add(0, rows, expert(x[rows]) * weights[rows, index, None])
        return out


def test_an_expert_run_on_no_rows_is_healthy() -> None:
    diagnosis = diagnose(EmptyExperts(), vectors(64))
    assert diagnosis.healthy, diagnosis.reasons
    assert diagnosis.verdicts["disconnected"] == "pass"


HEALTHY: dict[str, Callable[[Tensor], Tensor]] = {
    "straight-through": lambda x: x + (torch.round(x) - x).detach(),
    "clone": torch.clone,
    "masked": lambda x: x * (x > 0),
    "indexed": lambda x: x[:, torch.tensor([0, 1, 2, 3])],
    "a detached copy beside": lambda x: x + x.detach(),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_near_misses_are_connected(name: str) -> None:
    diagnosis = assert_connected(Cut(HEALTHY[name]), vectors())
    assert diagnosis.verdicts == {"disconnected": "pass"}


def test_a_tied_weight_with_one_dead_use_is_connected() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used = nn.Linear(4, 4)
            self.idle = nn.Linear(4, 4)
            self.idle.weight = self.used.weight
            self.idle.bias = self.used.bias

        def forward(self, x: Tensor) -> Any:
            return self.used(x)

    assert_connected(Tied(), torch.randn(3, 4))


def test_a_weight_used_past_its_module_is_cut_all_the_same() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.never_called, self.head = nn.Linear(8, 8, bias=False), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            hidden = nn.functional.linear(x, self.never_called.weight).detach()
            y: torch.Tensor = self.head(hidden)
            return y

    torch.manual_seed(0)
    assert diagnose(Functional(), torch.randn(4, 8)).symptoms == {"disconnected"}


def test_a_cut_is_seen_beside_a_nan() -> None:
    class CutAndNan(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cut, self.head = nn.Linear(8, 8), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y: torch.Tensor = self.head(self.cut(x).detach())
            return (y - y.detach()).sqrt() * 0.0

    torch.manual_seed(0)
    assert diagnose(CutAndNan(), torch.randn(4, 8)).symptoms == {"disconnected", "nonfinite"}
