"""What every training check begins with: a model and a batch that can be measured, and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from pytest_gradhealth.recorder.batch import LossFunction, Objective, Step, check_batch, tensors_in
from pytest_gradhealth.recorder.keeping import objects_kept
from pytest_gradhealth.recorder.run import check_model, unwrapped
from pytest_gradhealth.recorder.state import preserved


@contextmanager
def prepared(
    model: nn.Module,
    batch: Any,
    loss_fn: LossFunction | None = None,
    step: Step | None = None,
    keep: Iterable[object] = (),
) -> Iterator[tuple[nn.Module, Objective]]:
    """The model behind ``torch.compile`` and its objective; on leaving, all is as it was.

    Args:
        model: The model.
        batch: See ``recorder.batch`` for the conventions.
        loss_fn: The loss function.
        step: The training step.
        keep: Optimizers and other objects, whose attributes and tensors are put back as well.

    Raises:
        ProbeError: Nothing can be measured.
    """
    model = unwrapped(model)
    check_model(model)
    check_batch(batch)
    with (
        preserved(model, (tensor for tensor in tensors_in(batch) if tensor.requires_grad)),
        objects_kept(keep),
    ):
        yield model, Objective(batch, loss_fn, step)
