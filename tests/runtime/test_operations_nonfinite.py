"""The operation that makes NaN or Inf is named: its line, and what to write."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pytest_gradhealth import diagnose, record
from pytest_gradhealth.facts import Finding
from tests.runtime.models import chain, vectors

HERE = __file__


class Between(nn.Module):
    """A layer, a function, a head."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.body, self.head = chain(nn.ReLU, 1), nn.Linear(4, 2)
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.head(self.function(self.body(x)))


def line(function: Callable[..., Any], offset: int) -> str:
    return f"{HERE}:{inspect.getsourcelines(function)[1] + offset}"


def _zeros(x: Tensor) -> Tensor:
    return x - x.detach()


def _log(x: Tensor) -> Tensor:
    return _zeros(x).log()


def _sqrt(x: Tensor) -> Tensor:
    return _zeros(x).sqrt()


def _rsqrt(x: Tensor) -> Tensor:
    return torch.rsqrt(_zeros(x))


def _norm(x: Tensor) -> Tensor:
    return torch.stack([_zeros(x).square().sum(1).sqrt()] * 4, 1)


def _division(x: Tensor) -> Tensor:
    return x / _zeros(x)


def _torch_division(x: Tensor) -> Tensor:
    return torch.div(x, _zeros(x))


def _reciprocal(x: Tensor) -> Tensor:
    return _zeros(x).reciprocal()


def _exp(x: Tensor) -> Tensor:
    return (1000 + x).exp()


def _where(x: Tensor) -> Tensor:
    zero = _zeros(x)
    return torch.where(zero > 0, zero.log(), zero)


def _pow(x: Tensor) -> Tensor:
    return _zeros(x) ** 0.5


def _acos(x: Tensor) -> Tensor:
    return torch.acos(_zeros(x) + 1)


def _masked_softmax(x: Tensor) -> Tensor:
    return torch.softmax(x.masked_fill(torch.ones_like(x) > 0, -torch.inf), 1)


# The operation and its line as above, and a word of the advice.
BROKEN: dict[Callable[[Tensor], Tensor], tuple[str, int, str]] = {
    _log: ("log", 1, "log_softmax"),
    _sqrt: ("sqrt", 1, "small eps inside"),
    _rsqrt: ("rsqrt", 1, "small eps inside"),
    _norm: ("sqrt", 1, "small eps"),
    _division: ("", 1, "keep the divisor from 0"),
    _torch_division: ("div", 1, "keep the divisor from 0"),
    _reciprocal: ("reciprocal", 1, "keep the divisor from 0"),
    _exp: ("exp", 1, "logsumexp"),
    _where: ("log", 2, "log_softmax"),
    _pow: ("", 1, "exponents under 1"),
    _acos: ("acos", 1, "clamp inside"),
    _masked_softmax: ("softmax", 1, "leave one entry unmasked"),
}


def broken(function: Callable[[Tensor], Tensor]) -> Finding:
    (finding,) = diagnose(Between(function), vectors(), checks=["nonfinite"]).findings
    return finding


@pytest.mark.parametrize("function", BROKEN, ids=lambda f: f.__name__)
def test_what_breaks_a_number_is_named_with_line_and_advice(
    function: Callable[[Tensor], Tensor],
) -> None:
    name, offset, advice = BROKEN[function]
    told = dict(broken(function).observations)["Operation"]
    assert told.startswith(name)
    assert f" at {line(function, offset)}; " in told
    assert advice in told


def test_a_where_that_is_safe_backward_is_healthy() -> None:
    def safe(x: Tensor) -> Tensor:
        zero = _zeros(x)
        return torch.where(zero > 0, torch.where(zero > 0, zero, 1.0).log(), zero)

    assert diagnose(Between(safe), vectors(), checks=["nonfinite"]).healthy


def test_inside_torchs_own_modules_no_line_is_made_up() -> None:
    class Overflow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(32, 4)
            nn.init.constant_(self.layer.weight, 1e38)

        def forward(self, x: Tensor) -> Any:
            return self.layer(x * 1e3)

    report = record(Overflow(), vectors())
    assert report.nonfinite_operation is not None
    assert report.nonfinite_operation.module == "layer"
    assert report.nonfinite_operation.name == "linear"
