"""One forward and backward pass, over and over, for somebody who times it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from pytest_gradhealth.recorder.batch import LossFunction, Step
from pytest_gradhealth.recorder.prepared import prepared


@contextmanager
def passes_of(
    model: nn.Module, batch: Any, loss_fn: LossFunction | None, step: Step | None, *, seed: int
) -> Iterator[Callable[[], None]]:
    """A function that runs a forward and a backward pass; the model is as it was afterwards.

    Work on an accelerator is waited for, so that what is timed is done.

    Raises:
        ProbeError: There is no loss.
    """
    with prepared(model, batch, loss_fn, step) as (inner, objective):

        def once() -> None:
            inner.zero_grad(set_to_none=True)
            with torch.enable_grad():
                loss, _ = objective(inner, seed)
                loss.backward()  # type: ignore[no-untyped-call]
            if loss.device.type != "cpu":
                torch.accelerator.synchronize(loss.device)

        yield once
