"""The same pass in float32: what half precision is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from pytest_gradhealth.facts import Report
from pytest_gradhealth.recorder.batch import Objective, copied
from pytest_gradhealth.recorder.run import measure
from pytest_gradhealth.recorder.surgery import copied as copied_model

_HALF = (torch.float16, torch.bfloat16)


def in_float32(model: nn.Module, objective: Objective, seed: int) -> tuple[Report, ...]:
    """One report, of a float32 copy without autocast; none where the model does not run so.

    The caller's own autocast is off inside; one that the model or ``step`` enters stays.
    """
    twin = copied_model(model)
    if twin is None:
        return ()
    device = next(twin.parameters()).device.type
    wide = dataclasses.replace(objective, batch=_widened(copied(objective.batch)))
    try:
        with torch.autocast(device, enabled=False):
            return (measure(twin.float(), wide, seed),)
    except Exception:  # the model's own code may insist on half precision
        return ()


def _widened(batch: Any) -> Any:
    if isinstance(batch, Tensor):
        return batch.float() if batch.dtype in _HALF else batch
    if isinstance(batch, Mapping):
        return {key: _widened(item) for key, item in batch.items()}
    if type(batch) in {list, tuple}:
        return type(batch)(map(_widened, batch))
    return batch
