"""Several passes over one model: with other seeds, and with its weights in another order."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Generator, nn

from pytest_gradhealth.facts import Report
from pytest_gradhealth.recorder.batch import LossFunction, Step
from pytest_gradhealth.recorder.prepared import prepared
from pytest_gradhealth.recorder.run import measure
from pytest_gradhealth.recorder.state import preserved

_MATRIX: Final = 2  # axes; a norm's scales and a bias say where they are by their order


def seeded_passes(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    *,
    seed: int,
    count: int,
) -> tuple[Report, ...]:
    """Passes that differ in what is random in them: dropout, sampling, a random cotangent.

    Raises:
        ProbeError: Nothing can be measured.
    """
    with prepared(model, batch, loss_fn, step) as (inner, objective):
        return tuple(measure(inner, objective, seed + index) for index in range(count))


def redrawn_passes(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None,
    step: Step | None,
    *,
    seed: int,
    count: int,
) -> tuple[Report, ...]:
    """Passes with the entries of each weight in a random order, another one in each pass.

    Of independent, identically distributed entries that is another draw of the same initialisation,
    whatever that is.

    Raises:
        ProbeError: Nothing can be measured.
    """
    made = []
    with prepared(model, batch, loss_fn, step) as (inner, objective):
        for index in range(count):
            with preserved(inner):
                _shuffle(inner, seed + index)
                made.append(measure(inner, objective, seed))
    return tuple(made)


def _shuffle(model: nn.Module, seed: int) -> None:
    generator = Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= _MATRIX:
                order = torch.randperm(parameter.numel(), generator=generator)
                flat = parameter.detach().reshape(-1)
                parameter.copy_(flat[order.to(flat.device)].view_as(parameter))
