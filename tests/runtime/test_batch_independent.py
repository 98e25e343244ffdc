"""assert_batch_independent: a sample's output depends on that sample alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, ProbeError, assert_batch_independent
from tests.runtime.traces import photograph

ROWS, STEPS, WIDTH = 4, 5, 8


class Between(nn.Module):
    """Two layers and a function between them."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.head = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 3)
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.function(self.first(x)))
        return out


class Attention(nn.Module):
    """Attention over the steps, then a class for each sample or for each step."""

    def __init__(self, *, batch_first: bool, pooled: bool = True) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=batch_first)
        self.head, self.pooled = nn.Linear(WIDTH, 3), pooled

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.attention(x, x, x)
        out: Tensor = self.head(states.mean(1) if self.pooled else states)
        return out


class Tagger(nn.Module):
    """A recurrent layer and a class for each step."""

    def __init__(self, kind: type[nn.LSTM | nn.GRU], *, batch_first: bool) -> None:
        super().__init__()
        self.rnn: Any = kind(WIDTH, WIDTH, batch_first=batch_first)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.rnn(x)[0])
        return out


class Ids(nn.Module):
    """Token ids into a model of vectors; a position has as many numbers as there are samples."""

    def __init__(self, body: nn.Module, *, one_hot: bool = False) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(9, WIDTH), nn.Embedding(16, WIDTH)
        self.project, self.body, self.one_hot = nn.Linear(9, WIDTH), body, one_hot

    def forward(self, ids: Tensor) -> Tensor:
        if self.one_hot:
            vectors: Tensor = self.project(F.one_hot(ids, 9).float())
        else:
            vectors = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        out: Tensor = self.body(vectors)
        return out


def vectors() -> Tensor:
    return torch.randn(ROWS, WIDTH)


def sequences() -> Tensor:
    return torch.randn(ROWS, STEPS, WIDTH)


def pictures() -> Tensor:
    return torch.randn(ROWS, 3, 8, 8)


def ids(steps: int = STEPS) -> Tensor:
    return torch.randint(0, 9, (ROWS, steps))


def normed(*norms: nn.Module) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 4, 3, padding=1)]
    for norm in norms:
        layers += [norm, nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3, padding=1)]
    return nn.Sequential(*layers, nn.Dropout(0.3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


APART: dict[str, Callable[[], tuple[nn.Module, Any]]] = {
    "linear": lambda: (Between(torch.relu), vectors()),
    "as many classes as samples": lambda: (nn.Linear(WIDTH, ROWS), vectors()),
    "batch norms": lambda: (normed(nn.BatchNorm2d(4), nn.BatchNorm2d(4)), pictures()),
    "without statistics": lambda: (
        normed(nn.BatchNorm2d(4, affine=False, track_running_stats=False)),
        pictures(),
    ),
    "group and instance norm": lambda: (
        normed(nn.GroupNorm(2, 4), nn.InstanceNorm2d(4)),
        pictures(),
    ),
    "attention": lambda: (Attention(batch_first=True), sequences()),
    "LSTM": lambda: (Tagger(nn.LSTM, batch_first=True), sequences()),
    "GRU": lambda: (Tagger(nn.GRU, batch_first=True), sequences()),
    "ids": lambda: (Ids(Tagger(nn.LSTM, batch_first=True)), ids()),
    "as many steps as samples": lambda: (Ids(Attention(batch_first=True)), ids(ROWS)),
    "one-hot ids": lambda: (Ids(Tagger(nn.GRU, batch_first=True), one_hot=True), ids()),
    "a bare LSTM, states first": lambda: (nn.LSTM(WIDTH, WIDTH, 4), sequences().mT.mT),
    "a bag": lambda: (nn.Sequential(nn.EmbeddingBag(9, WIDTH), nn.Linear(WIDTH, 3)), ids()),
    "flattened tokens": lambda: (
        nn.Sequential(nn.Embedding(9, WIDTH), nn.Flatten(0, 1), nn.Linear(WIDTH, 3)),
        ids(),
    ),
}


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_samples_that_are_apart_pass_and_leave_no_trace(name: str, train: bool) -> None:
    model, batch = APART[name]()
    model.train(train)
    before = photograph(model, batch)
    made = assert_batch_independent(model, batch)
    assert made.share == 0.0
    assert made.outputs
    assert made.origin is None
    assert photograph(model, batch) == before


def wrong_heads(x: Tensor) -> Tensor:
    """Attention over axis 0, which holds the samples."""
    return torch.einsum("ij,jd->id", (x @ x.T).softmax(-1), x)


MIXED: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[], Tensor]]] = {
    "mean over the batch": (lambda x: x - x.mean(0), vectors),
    "standard deviation": (lambda x: x / (x.std(0) + 1e-5), vectors),
    "softmax over the batch": (lambda x: x.softmax(0), vectors),
    "flattened norm": (lambda x: x / x.norm(), vectors),
    "transpose, then view": (lambda x: x.T.reshape(x.shape), vectors),
    "samples in another order": (lambda x: x.flip(0), vectors),
    "the neighbour": (lambda x: x + 1e-3 * x.roll(1, 0), vectors),
    "attention over samples": (wrong_heads, vectors),
    "cumulative over the batch": (lambda x: x.cumsum(0), sequences),
}


@pytest.mark.parametrize("name", MIXED)
def test_what_mixes_fails_and_is_placed(name: str) -> None:
    function, batch = MIXED[name]
    model, given = Between(function), batch()
    before = photograph(model, given)
    with pytest.raises(GradientHealthError, match=r"^mixed_samples: the output of sample") as error:
        assert_batch_independent(model, given, dim=0)
    (finding,) = error.value.findings
    assert dict(finding.observations)["Where"].endswith(
        "the model itself (Between), after first and before head"
    )
    assert finding.measured > 1e-4
    assert __file__ in finding.source
    assert photograph(model, given) == before


def test_the_module_where_it_begins_is_named() -> None:
    class Block(nn.Module):
        def __init__(self, *, wrong: bool) -> None:
            super().__init__()
            self.inner, self.wrong = nn.Linear(WIDTH, WIDTH), wrong

        def forward(self, x: Tensor) -> Tensor:
            x = x + torch.relu(self.inner(x))
            return x + x.mean(0, keepdim=True) if self.wrong else x

    blocks = [Block(wrong=number in {2, 4}) for number in range(6)]
    model = nn.Sequential(nn.Embedding(9, WIDTH), *blocks, nn.Linear(WIDTH, 3))
    with pytest.raises(GradientHealthError) as error:
        assert_batch_independent(model, ids(), dim=0)
    assert error.value.findings[0].where == "3"


def test_a_layout_that_does_not_fit() -> None:
    sick = Attention(batch_first=False)
    with pytest.raises(GradientHealthError, match="mixed_samples") as error:
        assert_batch_independent(sick, sequences())
    assert error.value.findings[0].where == "attention"
    tagger = Tagger(nn.LSTM, batch_first=False)
    batch, target = sequences(), torch.zeros(ROWS, dtype=torch.long)
    with pytest.raises(ProbeError, match=r"pass dim=, the axis of the batch"):
        assert_batch_independent(tagger, batch)
    with pytest.raises(GradientHealthError, match="mixed_samples"):
        assert_batch_independent(tagger, batch, dim=0)
    assert assert_batch_independent(tagger, batch, dim=1).samples == STEPS

    def loss(output: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(output.mean(1), labels)

    with pytest.raises(GradientHealthError, match="mixed_samples"):
        assert_batch_independent(tagger, (batch, target), loss)


def test_time_first_models_are_told_by_their_targets() -> None:
    tagger = Tagger(nn.LSTM, batch_first=False)
    steps_first = torch.randn(STEPS, ROWS, WIDTH), torch.zeros(ROWS, dtype=torch.long)
    made = assert_batch_independent(
        tagger, steps_first, lambda output, labels: F.cross_entropy(output[-1], labels)
    )
    assert (made.dim, made.samples) == (1, ROWS)


def test_the_same_numbers_per_pair_are_no_mixing() -> None:
    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(WIDTH, 6), nn.Linear(WIDTH, 6)

        def forward(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
            left, right = self.one(x), self.two(y)
            return {"scores": left @ right.T, "left": left, "loss": (left @ right.T).sum()}

    made = assert_batch_independent(Pairs(), (vectors(), vectors()))
    assert made.outputs == ("left",)
    assert len(made.skipped) == 2
    with pytest.raises(ProbeError, match="a table of pairs of samples"):
        assert_batch_independent(Scores(), vectors())


class Scores(nn.Module):
    """Nothing but a table of pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(WIDTH, 6)

    def forward(self, x: Tensor) -> Tensor:
        left: Tensor = self.one(x)
        return left @ left.T


def test_a_step_and_a_contrastive_loss() -> None:
    model = Between(torch.relu)

    def step(model: Any, batch: Tensor) -> Tensor:
        one, two = model(batch), model(batch + 0.1)
        return F.cross_entropy(one @ two.T, torch.arange(len(batch)))

    assert assert_batch_independent(model, vectors(), step=step).share == 0.0
    with pytest.raises(ProbeError, match="was not called"):
        assert_batch_independent(model, vectors(), step=lambda m, b: m.head(m.first(b)).sum())


def test_what_is_not_finite_is_no_dependence() -> None:
    batch = vectors()
    batch[1] = torch.nan
    assert assert_batch_independent(Between(torch.tanh), batch).share == 0.0
    assert assert_batch_independent(Between(lambda x: x.relu().sqrt()), vectors()).share == 0.0
    with pytest.raises(ProbeError, match="assert_finite"):
        assert_batch_independent(Between(lambda x: x * torch.nan), vectors())


def test_what_cannot_be_looked_at_is_no_pass() -> None:
    with pytest.raises(ProbeError, match="one sample"):
        assert_batch_independent(Between(torch.relu), vectors()[:1])
    with pytest.raises(ProbeError, match="no floating point output"):
        assert_batch_independent(Between(torch.detach), vectors())
    with pytest.raises(ProbeError, match="no axis holds the 4 samples"):
        assert_batch_independent(Between(lambda x: x.mean(0, keepdim=True)), vectors())


def test_only_in_train_mode_is_told() -> None:
    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x - x.mean(0) if self.training else x

    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), Mean(), nn.Linear(WIDTH, 3))
    with pytest.raises(GradientHealthError, match="not in eval mode"):
        assert_batch_independent(model, vectors())
    assert_batch_independent(model.eval(), vectors())


def test_limits_and_the_fixture(pytester: pytest.Pytester) -> None:
    model = Between(lambda x: x + 1e-4 * x.roll(1, 0))
    assert_batch_independent(model, vectors(), limits=Limits(mixing_share=1e-2))
    assert len(assert_batch_independent(nn.Linear(8, 3), torch.randn(50, 8)).looked) == 8
    pytester.makepyfile(
        """
        import pytest
        import torch

        class Roll(torch.nn.Linear):
            def forward(self, x):
                return super().forward(x + 1e-4 * x.roll(1, 0))

        def test_it(gradhealth):
            gradhealth.assert_batch_independent(Roll(4, 4), torch.randn(3, 4))

        @pytest.mark.gradhealth(mixing_share=1e-2)
        def test_marked(gradhealth):
            gradhealth.assert_batch_independent(Roll(4, 4), torch.randn(3, 4))
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E *TrainingError: mixed_samples: *"])


def test_message(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Embedding(9, WIDTH), nn.BatchNorm1d(STEPS), Attention(batch_first=False)
    )
    batch = ids()
    with pytest.raises(GradientHealthError) as failure:
        assert_batch_independent(model, batch)
    lines = str(failure.value).splitlines()
    snapshot("mixed_samples", "\n".join(line for line in lines if "Source" not in line))
