"""Which parameters a forward pass handed to an operation at all.

A parameter without a gradient was either never used (an unrouted expert, a mask token outside
pre-training) or used where no gradient can flow. Only looking at every operation tells, which is
too slow for each pass and is done where a gradient is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from pytest_gradhealth.recorder.batch import tensors_in


class UsedTensors(TorchFunctionMode):
    """While active, notes which of the watched tensors enter an operation that yields a tensor."""

    def __init__(self, watched: Iterable[Tensor]) -> None:
        super().__init__()
        self._watched = {id(tensor): tensor for tensor in watched}
        self._used: set[int] = set()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation; it counts where it makes a tensor (``.shape``, ``.size()`` do not)."""
        del types
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        entering = [t for t in tensors_in([*args, *kwargs.values()]) if id(t) in self._watched]
        if entering and any(True for _ in tensors_in(result)):
            self._used.update(id(tensor) for tensor in entering)
        return result

    def used(self, tensor: Tensor) -> bool:
        """Whether a watched tensor was used."""
        return id(tensor) in self._used
