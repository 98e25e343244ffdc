"""assert_clipped: the user's own training step bounds what the optimizer sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from pytest_gradhealth import GradientHealthError, ProbeError, assert_clipped
from pytest_gradhealth.facts import Clipping
from tests.runtime.models import chain, labels
from tests.runtime.traces import photograph

torch.manual_seed(0)
BATCH = torch.randn(16, 32), labels()
Clip = Callable[[nn.Module], object]


def trained(clip: Clip, *, after: bool = False, every: int = 1) -> tuple[nn.Module, Any, Any]:
    """A model, its optimizer and a training step that clips before or after optimizer.step."""
    model = chain(nn.ReLU, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    calls = [0]

    def step(model: Any, batch: Any) -> None:
        calls[0] += 1
        F.cross_entropy(model(batch[0]), batch[1]).backward()  # type: ignore[no-untyped-call]
        if calls[0] % every:
            return
        if not after:
            clip(model)
        optimizer.step()
        if after:
            clip(model)
        optimizer.zero_grad()

    return model, optimizer, step


def norm(model: nn.Module) -> object:
    return clip_grad_norm_(model.parameters(), 1.0)


def by_hand(model: nn.Module) -> None:
    total = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
    for parameter in model.parameters():
        assert parameter.grad is not None
        parameter.grad.mul_(min(1.0, 0.5 / float(total)))


def adaptive(model: nn.Module) -> None:
    """AGC: bounded by the weights."""
    for parameter in model.parameters():
        assert parameter.grad is not None
        most = 0.01 * parameter.detach().norm().clamp(min=1e-3)
        parameter.grad.mul_((most / parameter.grad.norm().clamp(min=1e-6)).clamp(max=1.0))


def each(model: nn.Module) -> None:
    for parameter in model.parameters():
        clip_grad_norm_(parameter, 0.1)


CLIPS: dict[str, Clip] = {
    "norm": norm,
    "value": lambda m: clip_grad_value_(m.parameters(), 0.1),
    "by hand": by_hand,
    "adaptive": adaptive,
    "each parameter": each,
    "generous": lambda m: clip_grad_norm_(m.parameters(), 100.0),
}


@pytest.mark.parametrize("name", CLIPS)
def test_what_clips_passes_and_leaves_no_trace(name: str) -> None:
    model, optimizer, step = trained(CLIPS[name])
    before, held = photograph(model), repr(vars(optimizer))
    made = assert_clipped(model, BATCH, step)
    assert made.scaled_norm < 101
    assert photograph(model) == before
    assert repr(vars(optimizer)) == held


def head_only(model: nn.Module) -> object:
    return clip_grad_norm_(model.get_submodule("4").parameters(), 1.0)


@pytest.mark.parametrize(
    ("clip", "after", "told"),
    [
        (lambda _m: None, False, "nothing clips the gradient"),
        (norm, True, "nothing clips the gradient"),
        (lambda m: clip_grad_norm_(m.parameters(), float("inf")), False, "nothing clips"),
        (lambda m: clip_grad_norm_(m.parameters(), 1e9), False, "nothing clips"),
        (lambda _m: clip_grad_norm_(chain(nn.ReLU, 2).parameters(), 1.0), False, "nothing clips"),
        (head_only, False, "4 of 6 parameters are not clipped"),
    ],
)
@pytest.mark.filterwarnings("ignore:No gradients found")
def test_what_does_not_clip_fails(clip: Clip, after: bool, told: str) -> None:
    model, _, step = trained(clip, after=after)
    with pytest.raises(GradientHealthError, match=f"^unclipped: {told}"):
        assert_clipped(model, BATCH, step)


def test_accumulation_is_called_until_it_steps() -> None:
    model, _, step = trained(norm, every=4)
    assert assert_clipped(model, BATCH, step).scaled_norm == pytest.approx(1.0, rel=1e-3)
    model, _, step = trained(lambda _m: None, every=4)
    with pytest.raises(GradientHealthError, match="nothing clips"):
        assert_clipped(model, BATCH, step)


def test_the_bound_that_is_meant() -> None:
    model, _, step = trained(norm)
    assert_clipped(model, BATCH, step, max_norm=1.0)
    with pytest.raises(GradientHealthError, match=r"the bound is 1, not max_norm=0\.1"):
        assert_clipped(model, BATCH, step, max_norm=0.1)
    model, _, step = trained(each)
    with pytest.raises(GradientHealthError, match="not max_norm"):
        assert_clipped(model, BATCH, step, max_norm=0.1)


def test_a_guard_that_skips_the_step_bounds_it() -> None:
    model = chain(nn.ReLU, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(model: Any, batch: Any) -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(batch[0]), batch[1]).backward()  # type: ignore[no-untyped-call]
        if clip_grad_norm_(model.parameters(), float("inf")) < 100:
            optimizer.step()

    assert assert_clipped(model, BATCH, step).skipped


def scaled(*, unscale: bool) -> tuple[nn.Module, Any, Any]:
    model = chain(nn.ReLU, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)

    def step(model: Any, batch: Any) -> None:
        optimizer.zero_grad()
        scaler.scale(F.cross_entropy(model(batch[0]), batch[1])).backward()  # type: ignore[no-untyped-call]
        if unscale:
            scaler.unscale_(optimizer)
        clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()

    return model, scaler, step


def test_a_loss_scaler() -> None:
    model, scaler, step = scaled(unscale=True)
    held = repr(vars(scaler))
    made = assert_clipped(model, BATCH, step, max_norm=1.0)
    assert made.scale_seen is False
    assert repr(vars(scaler)) == held
    model, _, step = scaled(unscale=False)
    with pytest.raises(GradientHealthError, match="still multiplied by the loss scale"):
        assert_clipped(model, BATCH, step)


class Own:
    """No optimizer of torch's."""

    def __init__(self, params: Any) -> None:
        self.params = list(params)

    def step(self) -> None:
        with torch.no_grad():
            for parameter in self.params:
                parameter.sub_(0.1 * parameter.grad)


def test_an_optimizer_of_ones_own() -> None:
    model = chain(nn.ReLU, 1)
    optimizer = Own(model.parameters())

    def step(model: Any, batch: Any) -> None:
        model.zero_grad()
        F.cross_entropy(model(batch[0]), batch[1]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def judge(**keywords: Any) -> Clipping:
        return assert_clipped(model, BATCH, step, **keywords)

    with pytest.raises(ProbeError, match="no optimizer step"):
        judge()
    with pytest.raises(GradientHealthError, match="nothing clips"):
        judge(optimizer=optimizer)
    assert "step" not in vars(optimizer)


def test_an_exception_leaves_no_trace() -> None:
    model, optimizer, step = trained(norm)
    before, held = photograph(model), repr(vars(optimizer))

    def broken(model: Any, batch: Any) -> None:
        step(model, batch)
        step(model, (batch[0][:, :3], batch[1]))

    scale = torch.amp.GradScaler.scale
    with pytest.raises(RuntimeError):
        assert_clipped(model, BATCH, broken)
    assert torch.amp.GradScaler.scale is scale
    assert photograph(model) == before
    assert repr(vars(optimizer)) == held


def test_message(snapshot: Callable[[str, str], None]) -> None:
    torch.manual_seed(0)
    model, _, step = trained(head_only)
    with pytest.raises(GradientHealthError) as failure:
        assert_clipped(model, BATCH, step)
    snapshot("clipped", str(failure.value))
