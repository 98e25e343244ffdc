"""A shorter way to write down the cases of one family in the second drawing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from torch import nn

from tests.faults.case import Case, Task
from tests.faults.making import Family


class SecondFamily(Family):
    """Makes cases as ``Family`` does, and puts them into the second drawing."""

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
        made = super().__call__(what, group, build, fault, where, task, also, context)
        return replace(made, drawing=2)
