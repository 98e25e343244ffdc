"""After any call, also after an exception, model, batch and process are bit for bit as before.

``diagnose`` on a sick model also runs other seeds, optimizer steps and remedies.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import diagnose, record
from tests.runtime.models import WIDTH, chain, shown, too_large, vectors
from tests.runtime.traces import photograph


class Offender(nn.Module):
    """Runs ``offence(self, input)`` in every forward pass, before its body."""

    def __init__(self, offence: Callable[[Offender, Tensor], Any], *, sick: bool) -> None:
        super().__init__()
        self.body = chain(nn.Sigmoid, 8) if sick else chain(nn.ReLU, 2)
        self.first = self.body[0]
        self.register_buffer("seen", torch.zeros(3))
        self.offence = offence
        self.count = 0
        self.kept = torch.zeros(2)
        self.log: list[float] = [1.0]
        self.nested: dict[str, Any] = {"losses": [0.5], "more": {"deep": deque([1])}}
        self.groups: dict[str, list[int]] = defaultdict(list)
        self.tally = Counter("ab")
        self.names = {"a"}
        self.pair = ([1], torch.zeros(2))

    def forward(self, x: Tensor) -> Any:
        self.offence(self, x)
        return self.body(x)


def _flip_requires_grad(m: Offender, _x: Tensor) -> None:
    m.body.get_parameter("0.bias").requires_grad_(False)


def _draw(_m: Offender, _x: Tensor) -> None:
    torch.rand(3), np.random.random(3), random.random()


def _write_under_no_grad(m: Offender, _x: Tensor) -> None:
    with torch.no_grad():
        m.body.get_parameter("0.weight").mul_(0.9).add_(0.01)


def _write_to_data(m: Offender, _x: Tensor) -> None:
    m.body.get_parameter("0.weight").data.clamp_(-0.05, 0.05)


def _assign_data(m: Offender, _x: Tensor) -> None:
    weight = m.body.get_parameter("0.weight")
    weight.data = weight.data * 0.9


def _replace_parameter(m: Offender, _x: Tensor) -> None:
    first = m.body.get_submodule("0")
    first.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))


def _write_grad(m: Offender, _x: Tensor) -> None:
    m.body.get_parameter("0.weight").grad = torch.ones(WIDTH, WIDTH)


def _delete_attribute(m: Offender, _x: Tensor) -> None:
    if hasattr(m, "count"):
        del m.count


def _mutate_nested(m: Offender, _x: Tensor) -> None:
    m.nested["losses"].append(1.0)
    m.nested["more"]["deep"].appendleft(2)
    m.groups["new"].append(3)
    m.tally["c"] += 1
    m.names.add("b")
    m.pair[0].append(2)


def _write_to_tensors(m: Offender, x: Tensor) -> None:
    m.get_buffer("seen").add_(1)
    m.kept.sub_(1)
    m.pair[1].fill_(9)


def _reassign(m: Offender, x: Tensor) -> None:
    m.seen = m.get_buffer("seen") + 1
    m.kept = x
    m.count += 1
    m.log = [*m.log, 2.0]


OFFENCES: dict[str, Callable[[Offender, Tensor], Any]] = {
    "nothing": lambda _m, _x: None,
    "weight in place under no_grad": _write_under_no_grad,
    "weight through .data": _write_to_data,
    "weight.data assigned": _assign_data,
    "parameter replaced": _replace_parameter,
    "requires_grad": _flip_requires_grad,
    "grad": _write_grad,
    "tensors in place": _write_to_tensors,
    "attributes reassigned": _reassign,
    "attribute deleted": _delete_attribute,
    "list appended": lambda m, _x: m.log.append(2.0),
    "nested containers": _mutate_nested,
    "batch in place": lambda _m, x: x.mul_(2),
    "train mode": lambda m, _x: m.body.train(not m.body.training),
    "one module's mode": lambda m, _x: m.body[1].eval(),
    "forward hook added": lambda m, _x: m.body[0].register_forward_hook(lambda *_: None),
    "hooks dropped": lambda m, _x: m._forward_hooks.clear(),
    "submodule added": lambda m, _x: setattr(m, "late", nn.Linear(2, 2)),
    "submodule moved": lambda m, _x: m._modules.pop("first", None),
    "generators": _draw,
    "default dtype": lambda _m, _x: torch.set_default_dtype(torch.float64),
    "grad mode": lambda _m, _x: torch.set_grad_enabled(True),
    "autocast": lambda _m, _x: torch.set_autocast_enabled("cuda", False),
}


def _prepared(offence: str, *, sick: bool) -> tuple[Offender, Tensor]:
    """A model in the middle of training: gradients, a frozen part, mixed modes, a hook."""
    model, batch = Offender(OFFENCES[offence], sick=sick), vectors()
    model.body(batch).sum().backward()
    model.body.get_parameter("0.bias").grad = None
    model.body.get_parameter("2.bias").requires_grad_(False)
    model.body.get_submodule("2").eval()
    model.register_forward_hook(lambda *_: None)
    return model, batch


@pytest.mark.parametrize("offence", OFFENCES)
@pytest.mark.parametrize("sick", [False, True], ids=["healthy", "sick"])
def test_no_trace_in_the_model(offence: str, sick: bool) -> None:
    model, batch = _prepared(offence, sick=sick)
    before = photograph(model, batch)
    record(model, batch)
    assert photograph(model, batch) == before
    diagnosis = diagnose(model, batch)
    assert photograph(model, batch) == before
    if offence == "nothing":
        assert shown(diagnosis) == ({"vanishing"} if sick else set())
        assert (diagnosis.passes > 10) is sick


def _raise(_grad: Tensor) -> None:
    raise ArithmeticError


@pytest.mark.parametrize("offence", OFFENCES)
@pytest.mark.parametrize("where", ["forward", "backward"])
def test_no_trace_after_an_exception(offence: str, where: str) -> None:
    model, batch = _prepared(offence, sick=True)

    def failing(m: nn.Module, x: Tensor) -> Tensor:
        out: Tensor = m(x)
        if where == "forward":
            raise ArithmeticError
        out.register_hook(_raise)  # type: ignore[no-untyped-call]
        return out.sum()

    before = photograph(model, batch)
    for probe in (record, diagnose):
        with pytest.raises(ArithmeticError):
            probe(model, batch, step=failing)
        assert photograph(model, batch) == before


def test_no_trace_when_a_late_pass_fails() -> None:
    """The optimizer has stepped by then."""
    model, batch = _prepared("tensors in place", sick=True)
    calls = 0

    def failing(m: nn.Module, x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 8:
            raise ArithmeticError
        return m(x).square().mean()  # type: ignore[no-any-return]

    before = photograph(model, batch)
    with pytest.raises(ArithmeticError):
        diagnose(model, batch, step=failing)
    assert photograph(model, batch) == before


@pytest.mark.parametrize("sick", [False, True])
def test_no_trace_in_a_batch_that_requires_grad(sick: bool) -> None:
    model, x = _prepared("nothing", sick=sick)
    batch: dict[str, Any] = {"x": x.requires_grad_(), "extra": [torch.ones(2)]}
    x.grad = torch.full_like(x, 0.5)

    def step(m: nn.Module, b: dict[str, Any]) -> Tensor:
        b["extra"][0].zero_()
        return m(b.pop("x")).square().sum()  # type: ignore[no-any-return]

    before = photograph(model, x, batch["extra"][0])
    diagnose(model, batch, step=step)
    # A step may as well reach past the copy it is given.
    diagnose(model, batch, step=lambda m, _: m(x).square().sum())
    assert photograph(model, x, batch["extra"][0]) == before
    assert list(batch) == ["x", "extra"]


@pytest.mark.parametrize(
    "mode",
    [
        nullcontext,
        torch.no_grad,
        torch.inference_mode,
        lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    ],
    ids=["plain", "no_grad", "inference_mode", "autocast"],
)
def test_no_trace_in_the_callers_modes(mode: Callable[[], Any]) -> None:
    model, batch = _prepared("nothing", sick=True)
    with mode():
        expected = model(batch)
        before = photograph(model, batch)
        diagnose(model, batch)
        assert photograph(model, batch) == before
        assert torch.equal(model(batch), expected)


def test_autocast_remembers_no_weights_of_the_trial_steps() -> None:
    """Autocast caches its casts of weights until the outermost block ends."""
    model, x = chain(nn.ReLU, 8, init=too_large), vectors()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = model(x)
        assert shown(diagnose(model, x)) == {"exploding"}
        assert torch.equal(model(x), expected)
    zero_head = chain(nn.ReLU, 3)
    nn.init.zeros_(zero_head[-1].get_parameter("weight"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        # With stale casts the warm-up would change nothing.
        assert diagnose(zero_head, x).verdicts["vanishing"] == "expected"


def test_an_optimizer_inside_backward_does_not_step() -> None:
    model, x = chain(nn.Sigmoid, 8), vectors()
    stepped: list[str] = []

    def step(parameter: Tensor) -> None:
        stepped.append("")
        parameter.grad = None

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(step)  # type: ignore[no-untyped-call]
    assert shown(diagnose(model, x)) == {"vanishing"}
    assert not stepped
    model(x).sum().backward()
    assert len(stepped) == len(list(model.parameters()))
    assert all(parameter.grad is None for parameter in model.parameters())
