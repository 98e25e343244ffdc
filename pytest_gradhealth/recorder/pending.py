"""Numbers still on their device: collected during a pass, moved once at its end."""

from __future__ import annotations

import math

from torch import Tensor

from pytest_gradhealth.recorder.statistics import to_floats


class Pending:
    """Takes tensors of any shape and hands back their entries as floats."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._starts: list[int] = []
        self._numbers: list[float] | None = None
        self._size = 0

    def add(self, tensor: Tensor) -> int:
        """Queue a tensor; the ticket asks for its entries later."""
        flat = tensor.detach().reshape(-1)
        self._starts.append(self._size)
        self._tensors.append(flat)
        self._size += flat.numel()
        return len(self._starts) - 1

    def numbers(self, ticket: int) -> list[float]:
        """The entries behind a ticket, in order; the first call moves everything."""
        if self._numbers is None:
            self._numbers = to_floats(self._tensors)
            self._tensors.clear()
        end = self._starts[ticket + 1] if ticket + 1 < len(self._starts) else self._size
        return self._numbers[self._starts[ticket] : end]

    def number(self, ticket: int) -> float:
        """The single entry behind a ticket."""
        return self.numbers(ticket)[0]

    def measured(self, ticket: int | None) -> float | None:
        """The number behind a ticket; ``None`` for none, and for NaN: nothing to measure."""
        value = None if ticket is None else self.number(ticket)
        return None if value is None or math.isnan(value) else value
