"""assert_reaches: how far back over a sequence gradients go, and where they must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, ProbeError, assert_reaches
from tests.runtime.traces import photograph

ROWS, STEPS, WIDTH = 3, 12, 8


class Language(nn.Module):
    """A causal language model; the mask may be left out, or let one position too many through."""

    def __init__(self, mask: str = "causal") -> None:
        super().__init__()
        self.tokens = nn.Embedding(20, WIDTH)
        self.blocks = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(WIDTH, 2, 16, dropout=0.2, batch_first=True),
            2,
            enable_nested_tensor=False,
        )
        self.head, self.mask = nn.Linear(WIDTH, 20), mask

    def forward(self, ids: Tensor) -> Tensor:
        steps = ids.shape[1]
        hidden = (
            torch.ones(steps, steps).triu({"causal": 1, "late": 2}.get(self.mask, steps)).bool()
        )
        out: Tensor = self.head(self.blocks(self.tokens(ids), mask=hidden))
        return out


class Cell(nn.Module):
    """A cell over time; its state may be cut every few steps."""

    def __init__(self, every: int = 0, *, pooled: bool = False) -> None:
        super().__init__()
        self.cell, self.head = nn.GRUCell(WIDTH, WIDTH), nn.Linear(WIDTH, 3)
        self.every, self.pooled = every, pooled

    def forward(self, x: Tensor) -> Tensor:
        state, made = x.new_zeros(len(x), WIDTH), []
        for index in range(x.shape[1]):
            if self.every and index % self.every == 0:
                state = state.detach()
            state = self.cell(x[:, index], state)
            made.append(self.head(state))
        return made[-1] if self.pooled else torch.stack(made, 1)


class Convolutions(nn.Module):
    """Dilated convolutions over (samples, channels, steps), padded on the left."""

    def __init__(self, layers: int = 3, *, both_sides: bool = False, norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, 3, dilation=2**number) for number in range(layers)
        )
        self.reaches = [2 * 2**number for number in range(layers)]
        self.norm = nn.GroupNorm(2, WIDTH) if norm else nn.BatchNorm1d(WIDTH)
        self.both_sides = both_sides

    def forward(self, x: Tensor) -> Tensor:
        for layer, reach in zip(self.layers, self.reaches, strict=True):
            ends = (reach // 2, reach // 2) if self.both_sides else (reach, 0)
            x = torch.relu(self.norm(layer(F.pad(x, ends))))
        return x


def ids() -> Tensor:
    return torch.randint(20, (ROWS, STEPS))


def sequences() -> Tensor:
    return torch.randn(ROWS, STEPS, WIDTH)


def channels() -> Tensor:
    return torch.randn(ROWS, WIDTH, STEPS)


CAUSAL: dict[str, Callable[[], tuple[nn.Module, Any]]] = {
    "transformer": lambda: (Language(), ids()),
    "cell": lambda: (Cell(), sequences()),
    "LSTM": lambda: (nn.LSTM(WIDTH, WIDTH, 2, batch_first=True), sequences()),
    "time first": lambda: (nn.LSTM(WIDTH, WIDTH), sequences().transpose(0, 1)),
    "convolutions": lambda: (Convolutions(), channels()),
    "tokens": lambda: (
        nn.Sequential(nn.Embedding(20, WIDTH), nn.GRU(WIDTH, 5, batch_first=True)),
        ids(),
    ),
}


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_causal_models_pass_and_are_left_alone(name: str, train: bool) -> None:
    model, batch = CAUSAL[name]()
    model.train(train)
    before = photograph(model, batch)
    made = assert_reaches(model, batch, never="future")
    assert (made.sources, made.targets) == (STEPS, STEPS)
    assert made.share(STEPS - 1, 0) > 0
    assert photograph(model, batch) == before


LEAKS: dict[str, tuple[Callable[[], tuple[nn.Module, Any]], str]] = {
    "no mask": (lambda: (Language(mask="none"), ids()), "blocks.layers.0.self_attn"),
    "a mask one late": (lambda: (Language(mask="late"), ids()), "blocks.layers.0.self_attn"),
    "both directions": (
        lambda: (nn.LSTM(WIDTH, WIDTH, batch_first=True, bidirectional=True), sequences()),
        "",
    ),
    "padded on both sides": (lambda: (Convolutions(4, both_sides=True), channels()), "layers.0"),
    "a norm over time": (lambda: (Convolutions(norm=True), channels()), "norm"),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_look_ahead_fails_and_is_found(name: str) -> None:
    build, where = LEAKS[name]
    model, batch = build()
    with pytest.raises(GradientHealthError) as failure:
        assert_reaches(model, batch, never="future")
    (finding,) = failure.value.findings
    assert finding.symptom == "leak"
    assert finding.where == where
    assert assert_reaches(model, batch).share(STEPS - 1, 0) > 0


def test_pairs_that_must_not_be_reached() -> None:
    model, batch = Language(), ids()
    assert_reaches(model, batch, source=None, never=[(0, 1), (3, -1)])
    with pytest.raises(GradientHealthError, match=r"position 3 of the output .* position 2 of"):
        assert_reaches(model, batch, source=None, never=[(0, 1), (3, 2)])


@pytest.mark.parametrize("pooled", [True, False])
def test_a_state_that_is_cut_fails_with_the_line_that_cuts(pooled: bool) -> None:
    with pytest.raises(GradientHealthError) as failure:
        assert_reaches(Cell(every=4, pooled=pooled), sequences())
    (finding,) = failure.value.findings
    assert finding.symptom == "unreached"
    told = dict(finding.observations)
    assert told["Reached"] == "positions 8 to 11 of 12"
    assert "detach at " in told["Where"]
    assert_reaches(Cell(every=4, pooled=pooled), sequences(), source=8)
    assert_reaches(Cell(every=4), sequences(), source=4, target=7)


def test_a_receptive_field_that_is_too_short() -> None:
    with pytest.raises(GradientHealthError, match="receptive field") as failure:
        assert_reaches(Convolutions(layers=2), channels())
    assert dict(failure.value.findings[0].observations)["Reached"] == "positions 5 to 11 of 12"
    assert_reaches(Convolutions(layers=2), channels(), source=5)


def test_how_much_is_enough_is_a_limit() -> None:
    model, batch = nn.RNN(WIDTH, WIDTH, batch_first=True), sequences()
    share = assert_reaches(model, batch).share(STEPS - 1, 0)
    with pytest.raises(GradientHealthError, match="fades on its way"):
        assert_reaches(model, batch, limits=Limits(reach_share=2 * share))


def test_a_head_of_zeros_wakes_up() -> None:
    model = Language()
    nn.init.zeros_(model.head.weight)
    assert_reaches(model, ids(), never="future")


def test_messages(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    with pytest.raises(GradientHealthError) as failure:
        assert_reaches(Language(mask="none"), ids(), never="future")
    leak = str(failure.value).replace(__file__, "net.py")
    with pytest.raises(GradientHealthError) as failure:
        assert_reaches(Cell(every=4), sequences())
    snapshot("reaches", f"{leak}\n\n{failure.value}".replace(__file__, "net.py"))


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.GRU(WIDTH, WIDTH), nn.GRU(WIDTH, WIDTH)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        _, state = self.first(source.transpose(0, 1))
        out: Tensor = self.second(target.transpose(0, 1), state)[0].transpose(0, 1)
        return out


def test_of_several_inputs_one_is_named() -> None:
    batch = {"source": sequences(), "target": sequences()}
    with pytest.raises(ProbeError, match="There is: 'source', 'target'; pass input_name="):
        assert_reaches(Pair(), batch)
    assert_reaches(Pair(), batch, input_name="source", source=-1)
    assert_reaches(Pair(), batch, input_name="target", never="future")
    with pytest.raises(ProbeError, match="no sequence goes into the model as 'ids'"):
        assert_reaches(Pair(), batch, input_name="ids")


@pytest.mark.parametrize(
    ("build", "options", "told"),
    [
        (lambda: (Language(), ids()), {"source": 12}, "12 positions, so there is no position 12"),
        (lambda: (Language(), ids()), {"target": -13}, "12 positions, so there is no position -13"),
        (lambda: (Language(), ids()), {"source": None}, "nothing to look at"),
        (
            lambda: (Cell(pooled=True), sequences()),
            {"never": "future"},
            "takes an output with a position for each of the 12 of the input; the output has 1",
        ),
        (lambda: (nn.Conv2d(3, 4, 3), torch.randn(2, 3, 8, 8)), {}, "There is: none"),
        (
            lambda: (Convolutions(), torch.randn(ROWS, WIDTH, WIDTH)),
            {},
            "cannot be told apart: pass dim=",
        ),
    ],
)
def test_what_cannot_be_judged_is_an_error(
    build: Callable[[], tuple[nn.Module, Any]], options: dict[str, Any], told: str
) -> None:
    model, batch = build()
    with pytest.raises(ProbeError) as refused:
        assert_reaches(model, batch, **options)
    assert told in str(refused.value)


def test_the_axis_may_be_told() -> None:
    assert_reaches(Convolutions(), torch.randn(ROWS, WIDTH, WIDTH), dim=2, never="future")
