"""assert_matches_baseline: a layer's share of the gradient stays what it was."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pytest_gradhealth import GradientHealthError, Limits, ProbeError, assert_matches_baseline
from tests.runtime.models import Recurrent, SmallResNet, Transformer, chain, images, tokens, vectors
from tests.runtime.traces import photograph


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profiles" / "net.json"


Model = TypeVar("Model", bound=nn.Module)


def seeded(build: Callable[[], Model], seed: int) -> Model:
    torch.manual_seed(seed)
    return build()


def normed(norm: Callable[[], nn.Module] = lambda: nn.LayerNorm(32)) -> nn.Sequential:
    """Six layers with a norm after each."""
    parts = [part for _ in range(6) for part in (nn.Linear(32, 32), norm(), nn.GELU())]
    return nn.Sequential(*parts, nn.Linear(32, 4))


def test_a_missing_baseline_fails_and_says_what_to_run(
    path: Path, snapshot: Callable[[str, str], None]
) -> None:
    with pytest.raises(GradientHealthError) as failure:
        assert_matches_baseline(chain(nn.ReLU, 2), vectors(), path=path, accept="pytest --update")
    snapshot("no_baseline", str(failure.value).replace(str(path), "net.json"))
    assert not path.exists()


def test_written_it_matches_and_stays_byte_for_byte(path: Path) -> None:
    model = seeded(normed, 0)
    made = assert_matches_baseline(model, vectors(), path=path, update=True)
    assert (made.written, made.path) == (True, str(path))
    text = path.read_text()
    assert not assert_matches_baseline(model, vectors(), path=path).written
    again = assert_matches_baseline(seeded(normed, 1), vectors(), path=path, update=True)
    assert not again.written
    assert path.read_text() == text


def test_the_model_is_left_as_it_was(path: Path) -> None:
    model, batch = seeded(lambda: Transformer(dropout=0.3), 0), tokens()
    before = photograph(model, batch)
    assert_matches_baseline(model, batch, path=path, update=True)
    assert photograph(model, batch) == before
    # Far under what it may differ by: its weights are put in other orders.
    strict = Limits(baseline_factor=1.0000001, baseline_noise=0.0)
    torch.manual_seed(7)
    before = photograph(model, batch)
    with contextlib.suppress(GradientHealthError):
        assert_matches_baseline(model, batch, path=path, limits=strict, seed=9)
    assert photograph(model, batch) == before


HEALTHY: dict[str, tuple[Callable[[], nn.Module], Callable[[], Any]]] = {
    "resnet": (SmallResNet, images),
    "transformer": (lambda: Transformer(dropout=0.3), tokens),
    "recurrent": (lambda: Recurrent(nn.LSTM), lambda: torch.randn(6, 5, 8)),
    "narrow relu": (lambda: chain(nn.ReLU, 10), vectors),
    "sigmoids": (lambda: chain(nn.Sigmoid, 4), vectors),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_another_draw_of_weights_and_data_is_no_change(path: Path, name: str) -> None:
    build, make = HEALTHY[name]
    assert_matches_baseline(seeded(build, 0), make(), path=path, update=True)
    for seed in range(1, 6):
        model = seeded(build, seed)
        assert_matches_baseline(model, make(), path=path, seed=seed)


CHANGES: dict[str, tuple[Callable[[nn.Sequential], nn.Sequential], str]] = {
    "an init thirty times as wide": (lambda m: scaled(m, 30.0), "12"),
    "no norms": (lambda _: normed(nn.Identity), "15"),
    "sigmoids": (lambda m: swapped(m, nn.GELU, nn.Sigmoid), "12"),
}


def scaled(model: nn.Sequential, factor: float) -> nn.Sequential:
    """Its fourth layer wider, and the norm behind it gone, which would undo it."""
    with torch.no_grad():
        model.get_parameter("9.weight").mul_(factor)
    model[10] = nn.Identity()
    return model


def swapped(
    model: nn.Sequential, old: type[nn.Module], new: Callable[[], nn.Module]
) -> nn.Sequential:
    return nn.Sequential(*(new() if isinstance(part, old) else part for part in model))


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_fails_and_names_the_layer(path: Path, name: str) -> None:
    change, where = CHANGES[name]
    torch.manual_seed(0)
    assert_matches_baseline(normed(), vectors(), path=path, update=True)
    with pytest.raises(GradientHealthError) as failure:
        assert_matches_baseline(change(normed()), vectors(), path=path)
    (finding,) = failure.value.findings
    assert (finding.symptom, finding.where) == ("baseline", where)
    written = assert_matches_baseline(change(normed()), vectors(), path=path, update=True)
    assert written.written
    assert_matches_baseline(change(normed()), vectors(), path=path)


def test_the_message(path: Path, snapshot: Callable[[str, str], None]) -> None:
    assert_matches_baseline(seeded(normed, 0), vectors(), path=path, update=True)
    model = seeded(lambda: normed(nn.Identity), 0)
    model[16] = nn.Linear(32, 32)
    with pytest.raises(GradientHealthError) as failure:
        assert_matches_baseline(model, vectors(), path=path, accept="pytest --gradhealth-update")
    snapshot("matches_baseline", str(failure.value).replace(str(path), "net.json"))


def test_layers_that_come_and_go_fail_a_new_name_does_not(path: Path) -> None:
    class Net(nn.Module):
        def __init__(self, name: str, more: int = 0) -> None:
            super().__init__()
            parts = [part for _ in range(more) for part in (nn.Linear(16, 16), nn.ReLU())]
            self.add_module(name, nn.Sequential(nn.Linear(32, 16), nn.ReLU(), *parts))
            self.head, self.name = nn.Linear(16, 4), name

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.head(self.get_submodule(self.name)(x))
            return out

    assert_matches_baseline(Net("body"), vectors(), path=path, update=True)
    made = assert_matches_baseline(Net("encoder"), vectors(), path=path)
    assert [change.now.path for change in made.renamed] == ["encoder.0"]
    with pytest.raises(GradientHealthError, match=r"Added +body\.2 \(Linear\)"):
        assert_matches_baseline(Net("body", more=1), vectors(), path=path)
    assert assert_matches_baseline(Net("body", more=1), vectors(), path=path, ignore="body.2")
    assert_matches_baseline(Net("body", more=1), vectors(), path=path, update=True)
    with pytest.raises(GradientHealthError, match=r"Removed +body\.2 \(Linear\)"):
        assert_matches_baseline(Net("body"), vectors(), path=path)
    assert assert_matches_baseline(
        Net("encoder", more=1), vectors(), path=path, update=True
    ).written
    assert '"encoder.2"' in path.read_text()


def test_the_scale_of_the_loss_does_not_matter(path: Path) -> None:
    batch = vectors(), torch.randint(4, (16,))
    assert_matches_baseline(seeded(normed, 0), batch, F.cross_entropy, path=path, update=True)
    assert_matches_baseline(
        seeded(normed, 0), batch, lambda out, target: 1e4 * F.cross_entropy(out, target), path=path
    )


def test_with_fixed_weights_a_smaller_limit_sees_one_activation(path: Path) -> None:
    assert_matches_baseline(seeded(normed, 0), vectors(), path=path, update=True)
    model = seeded(normed, 0)
    model[5] = nn.Sigmoid()
    assert_matches_baseline(model, vectors(), path=path, limits=Limits(baseline_factor=1000.0))
    strict = Limits(baseline_factor=1.5, baseline_draws=0)
    assert_matches_baseline(seeded(normed, 0), vectors(), path=path, limits=strict)
    with pytest.raises(GradientHealthError):
        assert_matches_baseline(model, vectors(), path=path, limits=strict)


def test_a_file_that_holds_something_else_is_kept_until_an_update(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"gradhealth_baseline": 9}')
    with pytest.raises(ProbeError, match=r"net\.json is of format 9.* write it anew: update=True"):
        assert_matches_baseline(chain(nn.ReLU, 2), vectors(), path=path)
    assert path.read_text() == '{"gradhealth_baseline": 9}'
    assert assert_matches_baseline(chain(nn.ReLU, 2), vectors(), path=path, update=True).written


def test_what_cannot_be_measured_is_an_error_and_writes_nothing(path: Path) -> None:
    model = chain(nn.ReLU, 2)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ProbeError):
        assert_matches_baseline(model, vectors(), path=path, update=True)
    broken = chain(nn.ReLU, 2)
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    with pytest.raises(ProbeError, match="not finite; assert_finite says more"):
        assert_matches_baseline(broken, vectors(), path=path, update=True)
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ProbeError, match="cannot be written"):
        assert_matches_baseline(
            chain(nn.ReLU, 2), vectors(), path=tmp_path / "taken" / "net.json", update=True
        )
