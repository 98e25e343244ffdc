"""Optimizers, loss scalers and the like, left as found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from pytest_gradhealth.recorder.attributes import held_by, keep_attributes
from pytest_gradhealth.recorder.twins import Twins


@contextmanager
def objects_kept(objects: Iterable[object]) -> Iterator[None]:
    """Run the block; on leaving, the objects' attributes and tensors are as they were.

    Through built-in containers and wrapped optimizers; inside ``preserved(model)``, which keeps
    the model's own tensors.
    """
    every = _with_wrapped(objects)
    tensors, containers = held_by(every)
    with ExitStack() as undo:
        twins = Twins()
        undo.callback(twins.release)
        for tensor in tensors:
            undo.callback(twins.stand_in(tensor))
        undo.callback(keep_attributes(every, containers))
        yield


def _with_wrapped(objects: Iterable[object]) -> list[object]:
    found: list[object] = []
    waiting: list[Any] = list(objects)
    while waiting:
        one = waiting.pop()
        if any(one is known for known in found) or not hasattr(one, "__dict__"):
            continue
        found.append(one)
        waiting += [value for value in vars(one).values() if hasattr(value, "param_groups")]
    return found
