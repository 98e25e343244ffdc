"""What a tool is asked about: a model that is built anew each time, a batch, a loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tests.faults.case import Case
from tests.faults.standard import Standard

#: The batch a case is judged on; training starts with the next.
_BATCH, _SEED = 0, 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A case or a standard architecture, as every tool is given it."""

    name: str
    build: Callable[[], nn.Module]
    batch: Callable[[], Any]
    loss_fn: Callable[..., Tensor] | None = None
    step: Callable[[Any, Any], Tensor] | None = None
    context: Callable[[], AbstractContextManager[Any]] = nullcontext

    def fresh(self) -> tuple[nn.Module, Any]:
        """A new model in training mode and a batch, the same ones at every call."""
        torch.manual_seed(_SEED)
        model = self.build()
        return model, self.batch()

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        """The scalar loss, by the conventions of ``diagnose``."""
        if self.step is not None:
            return self.step(model, batch)
        if isinstance(batch, Mapping):
            output, target = model(**batch), batch
        elif isinstance(batch, tuple | list):
            output = model(*batch) if self.loss_fn is None else model(*batch[:-1])
            target = batch[-1]
        else:
            output, target = model(batch), None
        return self.loss_of(output, target)

    def loss_of(self, output: Any, target: Any) -> Tensor:
        """The loss of what the model returned; its own where no ``loss_fn`` is given."""
        if self.loss_fn is not None:
            return self.loss_fn(output) if target is None else self.loss_fn(output, target)
        loss = output["loss"] if isinstance(output, Mapping) else getattr(output, "loss", output)
        assert isinstance(loss, Tensor)
        return loss

    def split(self, batch: Any) -> tuple[Any, Any]:
        """The model's inputs and the loss function's target."""
        if isinstance(batch, tuple | list) and self.loss_fn is not None:
            return tuple(batch[:-1]), batch[-1]
        return batch, batch if isinstance(batch, Mapping) and self.loss_fn is not None else None


def subject_of(case: Case) -> Subject:
    """A labelled case as a subject."""
    task = case.task
    return Subject(
        case.name,
        case.build,
        lambda: task.batch(_BATCH),
        task.loss_fn,
        task.step,
        case.context,
    )


def standard_subject(standard: Standard) -> Subject:
    """A standard architecture as a subject."""
    name = f"{standard.source}/{standard.name}"
    return Subject(name, standard.build, standard.batch, standard.loss_fn, standard.step)


class Stepped(nn.Module):
    """A model whose training step is part of its forward pass: the batch in, the loss out.

    For tools that call ``model(inputs)`` and cannot be given a step of one's own.
    """

    def __init__(self, model: nn.Module, subject: Subject) -> None:
        super().__init__()
        self.model = model
        self._subject = subject
        self.training = model.training

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        if kwargs:
            return self._subject.loss(self.model, kwargs)
        return self._subject.loss(self.model, args[0] if len(args) == 1 else args)
