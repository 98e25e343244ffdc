"""A shorter way to write down the cases of one family."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch import Tensor, nn

from tests.faults.case import Case, Task


class Function(nn.Module):
    """A module around a function, so that it has a name in the model."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """What the function makes of it."""
        return self.function(x)


class Family:
    """Makes the cases of one family, on one task unless told otherwise."""

    def __init__(self, name: str, task: Task) -> None:
        self.name, self.task = name, task

    def __call__(
        self,
        what: str,
        group: str,
        build: Callable[[], nn.Module],
        fault: str = "",
        where: str = "",
        task: Task | None = None,
        also: str = "",
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> Case:
        """One case; ``where`` and ``also`` are words, and no fault is a healthy model."""
        return Case(
            f"{self.name}/{what}",
            self.name,
            f"{self.name} {group}",
            build,
            task or self.task,
            fault or None,
            tuple(also.split()),
            tuple(where.split()),
            context,
        )
