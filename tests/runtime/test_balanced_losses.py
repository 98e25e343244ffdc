"""assert_balanced_losses: every term of a loss has a say in what the terms share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, ProbeError, assert_balanced_losses
from tests.runtime.traces import photograph

ROWS, WIDTH = 16, 8


class Tasks(nn.Module):
    """A trunk with dropout and two heads."""

    def __init__(self, *, zero_head: bool = False, detached: bool = False) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(WIDTH, 16), nn.ReLU(), nn.Dropout(0.2))
        self.kind, self.size = nn.Linear(16, 3), nn.Linear(16, 1)
        self.detached = detached
        if zero_head:
            nn.init.zeros_(self.size.weight)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(x)
        return self.kind(features), self.size(features.detach() if self.detached else features)


def batch() -> tuple[Tensor, Tensor, Tensor]:
    return torch.randn(ROWS, WIDTH), torch.randint(3, (ROWS,)), torch.randn(ROWS, 1)


def losses(weight: float = 1.0, sign: float = 1.0) -> Callable[[Any, Any], Mapping[str, Any]]:
    def of(model: Any, given: Any) -> Mapping[str, Any]:
        x, kind, size = given
        kinds, sizes = model(x)
        return {
            "kind": F.cross_entropy(kinds, kind),
            "size": weight * sign * F.mse_loss(sizes, size),
        }

    return of


def test_two_tasks_share_the_trunk_and_nothing_is_left_behind() -> None:
    model, given = Tasks(), batch()
    before = photograph(model, *given)
    made = assert_balanced_losses(model, given, losses())
    assert made.shared == ("trunk.0.weight", "trunk.0.bias")
    assert sum(term.share for term in made.terms) == pytest.approx(1.0)
    assert all(term.reaches == 4 for term in made.terms)
    assert made.most_opposed is not None
    assert photograph(model, *given) == before


def test_shares_are_those_of_the_norms() -> None:
    model, given = Tasks().eval(), batch()
    made = assert_balanced_losses(model, given, losses(weight=0.5))
    norms = []
    for value in losses(weight=0.5)(model, given).values():
        gradients = torch.autograd.grad(value, list(model.trunk.parameters()), retain_graph=True)
        norms.append(torch.cat([one.flatten() for one in gradients]))
    assert [term.norm for term in made.terms] == pytest.approx([float(n.norm()) for n in norms])
    cosine = F.cosine_similarity(norms[0], norms[1], dim=0)
    ((one, other, measured),) = made.cosines
    assert (one, other) == ("kind", "size")
    assert measured == pytest.approx(float(cosine), abs=1e-6)


@pytest.mark.parametrize("weight", [1e-6, 1e6])
def test_a_weight_that_is_a_millionth_fails_and_names_the_term(weight: float) -> None:
    with pytest.raises(GradientHealthError) as failure:
        assert_balanced_losses(Tasks(), batch(), losses(weight))
    (finding,) = failure.value.findings
    assert finding.symptom == "unbalanced"
    assert finding.where == ("size" if weight < 1 else "kind")
    assert_balanced_losses(Tasks(), batch(), losses(weight), ignore=[finding.where])
    assert_balanced_losses(Tasks(), batch(), losses(weight), limits=Limits(balance_share=1e-9))


@pytest.mark.parametrize("how", ["detached", "zero", "a number"])
def test_a_term_without_any_gradient_fails(how: str) -> None:
    def of(model: Any, given: Any) -> Mapping[str, Any]:
        terms = dict(losses()(model, given))
        size = terms["size"]
        terms["size"] = {"detached": size.detach(), "zero": 0 * size, "a number": size.item()}[how]
        return terms

    with pytest.raises(GradientHealthError, match="'size' gives no parameter any gradient"):
        assert_balanced_losses(Tasks(), batch(), of)


def test_what_shares_nothing_is_told_and_no_failure() -> None:
    made = assert_balanced_losses(Tasks(detached=True), batch(), losses(weight=1e-6))
    assert made.shared == ()
    assert [term.reaches_shared for term in made.terms] == [0, 0]


def test_a_head_of_zeros_wakes_up() -> None:
    assert_balanced_losses(Tasks(zero_head=True), batch(), losses())


class Variational(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(WIDTH, 8), nn.Linear(4, WIDTH)

    def forward(self, x: Tensor) -> dict[str, Any]:
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * torch.exp(log_variance / 2)
        rebuilt = F.mse_loss(self.decoder(z), x)
        divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).mean()
        terms = {"rebuilt_loss": rebuilt, "divergence_loss": 1e-3 * divergence}
        return {"loss": rebuilt + 1e-3 * divergence, "z": z, "terms": terms, "loss_ema": 0.3}


def test_the_outputs_own_terms_are_taken() -> None:
    made = assert_balanced_losses(Variational(), torch.randn(ROWS, WIDTH))
    assert [term.name for term in made.terms] == ["rebuilt_loss", "divergence_loss"]


def test_a_small_penalty_of_every_weight_is_healthy() -> None:
    def of(model: Any, given: Any) -> Mapping[str, Any]:
        penalty = sum(p.square().sum() for p in model.parameters())
        return {**losses()(model, given), "penalty": 1e-3 * penalty}

    assert_balanced_losses(Tasks(), batch(), of)


def test_conflict_is_told_and_fails_by_a_limit_only() -> None:
    def of(model: Any, given: Any) -> Mapping[str, Any]:
        kind = losses()(model, given)["kind"]
        return {"kind": kind, "against": -0.5 * kind}

    model, given = Tasks(), batch()
    made = assert_balanced_losses(model, given, of)
    assert made.most_opposed is not None
    assert made.most_opposed[2] == pytest.approx(-1.0)
    with pytest.raises(GradientHealthError, match=r"have a cosine of -1\.00 \(limit -0\.50\)"):
        assert_balanced_losses(model, given, of, limits=Limits(balance_conflict=0.5))


def test_message(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    with pytest.raises(GradientHealthError) as failure:
        assert_balanced_losses(Tasks(), batch(), losses(weight=1e-6))
    snapshot("unbalanced", str(failure.value))


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (lambda _m, _b: {"one": torch.tensor(1.0)}, r"takes two terms or more, there is \['one'\]"),
        (lambda _m, _b: torch.tensor(1.0), "gave Tensor, not a mapping of terms"),
        (lambda m, b: {"a": m(b[0])[0], "b": 1.0}, r"the term 'a' has shape \(16, 3\)"),
        (lambda _m, _b: {"a": "x", "b": 1.0}, "the term 'a' is no number but str"),
        (lambda _m, _b: {"a": float("nan"), "b": 1.0}, "the term 'a' is nan: see assert_finite"),
    ],
)
def test_what_cannot_be_compared_is_an_error(of: Any, told: str) -> None:
    with pytest.raises(ProbeError, match=told):
        assert_balanced_losses(Tasks(), batch(), of)


def test_an_output_without_terms_asks_for_them() -> None:
    with pytest.raises(ProbeError, match=r"there is none; pass losses="):
        assert_balanced_losses(nn.Linear(WIDTH, 3), torch.randn(ROWS, WIDTH))
