"""Recurrent modules from inside: the gradient over time steps, and gates of fused kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from pytest_gradhealth.recorder.graph import Node
from pytest_gradhealth.recorder.pending import Pending
from pytest_gradhealth.recorder.readers import FLAT_SLOPE

_SAMPLES, _STEPS = 16, 4  # of the sequence, for the gates
_BATCHED = 3  # axes of (time, batch, features)
_SHORT = 3  # steps under which a gain per step says little


@dataclass(slots=True)
class Recurrence:
    """One call of a recurrent module under observation.

    Attributes:
        path: Path of the module.
        module: The module.
        start: The node its inner steps come back to.
        profile: L2 norm of the gradient at each time step of its input, first step first.
        flat: Share of a gate's values on a flat part, at the first steps, of the worst gate.
        units: Hidden units.
    """

    path: str
    module: nn.RNNBase
    start: Node | None = None
    profile: Tensor | None = None
    flat: Tensor | None = None
    units: int = 0
    handles: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Reach:
    """The first layer that sees a sequence as (samples, steps, features).

    Attributes:
        position: Of its call in the trace.
        profile: L2 norm of the gradient at each step of its output.
    """

    position: int
    profile: Tensor | None = None


def observed(path: str, seen: list[Recurrence]) -> Callable[[nn.Module, Any], Any]:
    """A forward pre-hook that lets the input of a recurrent module carry a gradient.

    The first layer's input is data, which has none; a leaf of its own takes its place.
    """

    def on_entry(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        assert isinstance(module, nn.RNNBase)
        if not inputs or not torch.is_grad_enabled():
            return None
        sequence = inputs[0]
        if not isinstance(sequence, Tensor) or not sequence.is_floating_point():
            return None
        recurrence = Recurrence(path, module, units=module.hidden_size)
        if not sequence.requires_grad:
            sequence = sequence.detach().requires_grad_()
        sequence = sequence.view_as(sequence)  # a node of its own: only this module's gradient
        recurrence.start = sequence.grad_fn
        time = 1 if module.batch_first and sequence.dim() == _BATCHED else 0

        def on_backward(gradient: Tensor) -> None:
            recurrence.profile = steps_of(gradient, time)

        sequence.register_hook(on_backward)  # type: ignore[no-untyped-call]
        if isinstance(module, nn.LSTM):
            recurrence.flat = _flat_gates(module, sequence.detach(), time)
        seen.append(recurrence)
        return (sequence, *inputs[1:])

    return on_entry


def steps_of(gradient: Tensor, time: int) -> Tensor:
    """The gradient's L2 norm at each step along the axis of time."""
    others = [axis for axis in range(gradient.dim()) if axis != time]
    norms: Tensor = torch.linalg.vector_norm(gradient.float(), dim=others)
    return norms


def gain(profile: list[float]) -> tuple[float, float] | None:
    """Geometric mean factor per step back in time, and the largest step over the last.

    ``None`` for short sequences and where the last step or the first gets nothing.
    """
    if len(profile) < _SHORT or not profile[-1] > 0:
        return None
    per_step = (profile[0] / profile[-1]) ** (1 / (len(profile) - 1))
    return per_step, max(profile) / profile[-1]


def queue(recurrence: Recurrence, pending: Pending) -> tuple[int | None, int | None]:
    """Tickets for the profile over time and the flat share of the gates."""
    profile = None if recurrence.profile is None else pending.add(recurrence.profile)
    flat = None if recurrence.flat is None else pending.add(recurrence.flat)
    return profile, flat


def _flat_gates(lstm: nn.LSTM, sequence: Tensor, time: int) -> Tensor | None:
    """Flat share of the worst of the first layer's three gates, computed step by step.

    A fused kernel shows no gates; some samples and the first steps tell whether they are stuck.
    """
    if sequence.dim() != _BATCHED or lstm.proj_size or not lstm.num_layers:
        return None
    with torch.no_grad():
        steps = sequence.movedim(time, 0)[:_STEPS, :_SAMPLES]
        # By position, as torch stores them; a parametrized weight is no plain parameter.
        weights = cast("list[Tensor]", lstm._flat_weights)
        entering, returning = weights[0], weights[1]
        bias = weights[2] + weights[3] if lstm.bias else None
        hidden = cell = steps.new_zeros(steps.shape[1], lstm.hidden_size)
        slopes = []
        for step in steps:
            summed = nn.functional.linear(step, entering, bias)
            summed = summed + nn.functional.linear(hidden, returning)
            entry, forget, candidate, output = summed.chunk(4, dim=-1)
            gates = torch.sigmoid(torch.stack([entry, forget, output]))
            slopes.append(gates * (1 - gates))
            cell = gates[1] * cell + gates[0] * torch.tanh(candidate)
            hidden = gates[2] * torch.tanh(cell)
        stuck = (torch.stack(slopes) < 0.25 * FLAT_SLOPE).float()  # (steps, gates, batch, units)
        return stuck.mean(dim=(0, 2, 3)).amax()
