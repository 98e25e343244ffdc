"""What a labelled case is: a model, the task it is trained on, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

#: Model and batch to a scalar loss.
Step = Callable[[Any, Any], Tensor]


@dataclass(frozen=True, slots=True)
class Task:
    """Something small to learn, with fresh data on every call.

    Attributes:
        name: For the tables.
        batch: Seed to a batch as ``diagnose`` takes it; samples lie along axis 0.
        loss_fn: As ``diagnose`` takes it; ``None`` where ``step`` is given or the model returns
            its own loss.
        step: As ``diagnose`` takes it.
        score: Model and batch to a number: higher is better.
        chance: The score of a model that ignores its input.
        learned: The score from which on a run counts as trained.
        steps: Batches a training run may see.
    """

    name: str
    batch: Callable[[int], Any]
    score: Callable[[nn.Module, Any], float]
    chance: float
    learned: float
    loss_fn: Callable[..., Tensor] | None = None
    step: Step | None = None
    steps: int = 300


@dataclass(frozen=True, slots=True)
class Case:
    """One model of the collection.

    Attributes:
        name: ``family/what``, unique.
        family: Such as ``mlp`` or ``transformer``.
        group: Near misses of each other share it, and so fall into the same half of the split.
        build: A new model with freshly drawn weights; the caller seeds torch.
        task: What it is trained on.
        fault: The symptom its author put in; ``None`` for a healthy one. What counts is the label
            that training gave it.
        also: Other symptoms that are true of it, as causes or consequences of ``fault``.
        where: Paths of the modules (or parameters), any of which is right to name first; a path
            stands for what lies below it as well.
        context: Entered around training and diagnosis alike, such as autocast.
        drawing: Which drawing of cases it belongs to; drawings are scored apart.
    """

    name: str
    family: str
    group: str
    build: Callable[[], nn.Module]
    task: Task
    fault: str | None = None
    also: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    drawing: int = 1
