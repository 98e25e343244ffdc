"""The same pass with its loss scaled up: what half precision is compared with."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from torch import Tensor, nn

from pytest_gradhealth.facts import Report
from pytest_gradhealth.recorder.batch import Objective
from pytest_gradhealth.recorder.run import measure

# float16 ends at 65504, so the first gradient of a backward pass may be 2^15 at most.
_FACTORS = (2.0**14, 2.0**9, 2.0**4)


def with_loss_scale(model: nn.Module, objective: Objective, seed: int) -> tuple[Report, ...]:
    """One report whose gradients were scaled up on the way and down again at the end.

    With the largest factor under which nothing overflows; none where every one overflows.
    """
    for factor in _FACTORS:
        report = measure(model, _scaled(objective, factor, seed), seed)
        if all(math.isfinite(p.gradient_rms or 0.0) for p in report.parameters):
            return (_unscaled(report, factor),)
    return ()


def _scaled(objective: Objective, factor: float, seed: int) -> Objective:
    def step(model: Any, _batch: Any) -> Tensor:
        loss, _ = objective(model, seed)
        return loss.float() * factor

    return Objective(objective.batch, step=step)


def _unscaled(report: Report, factor: float) -> Report:
    parameters = (
        p
        if p.gradient_rms is None
        else dataclasses.replace(p, gradient_rms=p.gradient_rms / factor)
        for p in report.parameters
    )
    return dataclasses.replace(report, parameters=tuple(parameters))
