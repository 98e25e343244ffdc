"""What a long measurement is at, for whoever wants to show it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_listeners: list[Callable[[str], None]] = []


def at(stage: str) -> None:
    """Tell that a stage begins; ``""`` that the measurement is over."""
    if _listeners:
        _listeners[-1](stage)


@contextmanager
def told_to(listener: Callable[[str], None]) -> Iterator[None]:
    """Tell the listener, and no one before it, as long as the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
