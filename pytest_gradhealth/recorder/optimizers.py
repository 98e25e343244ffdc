"""SGD and Adam in a few lines each, for trial steps.

Not ``torch.optim``: its first step imports ``torch._dynamo``, which costs more than a second and
registers operators in the user's process; a measurement must do neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

#: Takes one step along the gradients that the parameters hold.
Step = Callable[[], None]

# Kingma and Ba (2015), algorithm 1: decay of the two moments, and the smallest denominator.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8

_HALF = (torch.float16, torch.bfloat16)


def sgd(parameters: Iterable[Tensor], learning_rate: float, momentum: float = 0.0) -> Step:
    """Gradient descent, with heavy-ball momentum where it is not zero (Polyak 1964)."""
    held = list(parameters)
    velocities: dict[Tensor, Tensor] = {}

    def step() -> None:
        with torch.no_grad():
            for parameter in held:
                if parameter.grad is None:
                    continue
                change = _dense(parameter.grad)
                if momentum:
                    known = velocities.get(parameter)
                    change = change.clone() if known is None else known.mul_(momentum).add_(change)
                    velocities[parameter] = change
                parameter.sub_(change, alpha=learning_rate)

    return step


def adam(parameters: Iterable[Tensor], learning_rate: float) -> Step:
    """Adam with its paper's constants (Kingma and Ba 2015, algorithm 1)."""
    held = list(parameters)
    moments: dict[Tensor, tuple[Tensor, Tensor]] = {}
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        rate = learning_rate / (1 - _BETA_1**count)
        with torch.no_grad():
            for parameter in held:
                if parameter.grad is None:
                    continue
                gradient = _precise(_dense(parameter.grad))
                if parameter not in moments:
                    size = torch.zeros_like(gradient.real if gradient.is_complex() else gradient)
                    moments[parameter] = torch.zeros_like(gradient), size
                first, second = moments[parameter]
                square = gradient.abs().square()
                first.lerp_(gradient, 1 - _BETA_1)
                second.lerp_(square, 1 - _BETA_2)
                scale = (second / (1 - _BETA_2**count)).sqrt_().add_(_EPSILON)
                parameter.sub_((first / scale).to(parameter.dtype), alpha=rate)

    return step


def _dense(gradient: Tensor) -> Tensor:
    return gradient.to_dense() if gradient.layout is not torch.strided else gradient


def _precise(gradient: Tensor) -> Tensor:
    """In float32 where it is less: float16 loses the squares and the smallest denominator."""
    return gradient.float() if gradient.dtype in _HALF else gradient
