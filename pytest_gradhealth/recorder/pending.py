"""Numbers still on their device: collected during a pass, moved once at its end."""

from __future__ import annotations

import math
from itertools import repeat

from torch import Tensor

from pytest_gradhealth.recorder.statistics import Number, to_floats


class Pending:
    """Takes numbers and tensors of any shape and hands back their entries as floats.

    A ticket is the place of its first entry among all entries.
    """

    def __init__(self) -> None:
        self._numbers: list[float] = []
        self._tensors: dict[int, Tensor] = {}
        self._sizes: dict[int, int] = {}

    def add(self, value: Number) -> int:
        """Queue a number, or a tensor's entries; the ticket asks for them later."""
        ticket = len(self._numbers)
        if not isinstance(value, Tensor):
            self._numbers.append(value)
            return ticket
        self._tensors[ticket] = value.detach().reshape(-1)
        self._sizes[ticket] = value.numel()
        self._numbers.extend(repeat(math.nan, max(value.numel(), 1)))  # no two tickets are equal
        return ticket

    def add_each(self, tensor: Tensor) -> range:
        """Queue a tensor with a ticket for each of its entries."""
        ticket = self.add(tensor)
        return range(ticket, ticket + tensor.numel())

    def numbers(self, ticket: int) -> list[float]:
        """The entries behind a ticket, in order; the first call moves everything."""
        if self._tensors:
            for start, entries in zip(
                self._tensors, to_floats([*self._tensors.values()]), strict=True
            ):
                self._numbers[start : start + len(entries)] = entries
            self._tensors.clear()
        return self._numbers[ticket : ticket + self._sizes.get(ticket, 1)]

    def number(self, ticket: int) -> float:
        """The first entry behind a ticket."""
        return self._numbers[ticket] if not self._tensors else self.numbers(ticket)[0]

    def measured(self, ticket: int | None) -> float | None:
        """The number behind a ticket; ``None`` for none, and for NaN: nothing to measure."""
        value = None if ticket is None else self.number(ticket)
        return None if value is None or math.isnan(value) else value
