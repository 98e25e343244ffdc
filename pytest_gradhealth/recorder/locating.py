"""The first module where a change of the input shows up in a place that it must not reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from pytest_gradhealth.facts import Origin
from pytest_gradhealth.recorder.batch import tensors_in
from pytest_gradhealth.recorder.modules import once, source_of

#: Of a tensor's largest change: what is smaller is rounding.
_ROUNDING = 1e-4

#: Judges what several changes of the input did to one tensor, entry for entry: whether they spread.
Spread = Callable[[list[Tensor]], bool]


@dataclass(frozen=True, slots=True)
class _Event:
    """A module's inputs or outputs, as it got or gave them.

    Attributes:
        path: The module.
        ends: Whether these are its outputs.
        running: The innermost module that runs around it.
        before: The module called last before it within that one, ``""`` for none.
        tensors: Copies.
    """

    path: str
    ends: bool
    running: str
    before: str
    tensors: list[Tensor]


@dataclass(slots=True)
class Track:
    """What every module got and gave in one pass."""

    events: list[_Event] = field(default_factory=list)
    stack: list[list[str]] = field(default_factory=list)


@contextmanager
def tracked(model: nn.Module) -> Iterator[Track]:
    """Keep copies of what every module is called with and returns; memory of all activations."""
    track = Track()
    handles: list[Any] = []

    def on_entry(path: str) -> Callable[..., None]:
        def note(_module: nn.Module, args: Any, kwargs: Any) -> None:
            running, before = track.stack[-1] if track.stack else ["", ""]
            if path:
                given = _floating((args, kwargs))
                track.events.append(_Event(path, False, running, before, given))
            track.stack.append([path, ""])

        return note

    def on_exit(path: str) -> Callable[..., None]:
        def note(_module: nn.Module, _args: Any, output: Any) -> None:
            _, before = track.stack.pop()
            track.events.append(_Event(path, True, path, before, _floating(output)))
            if track.stack:
                track.stack[-1][1] = path

        return note

    for path, module in once(dict(model.named_modules(remove_duplicate=False))).items():
        handles.append(module.register_forward_pre_hook(on_entry(path), with_kwargs=True))
        handles.append(module.register_forward_hook(on_exit(path)))
    try:
        yield track
    finally:
        for handle in handles:
            handle.remove()


def origin_of(model: nn.Module, plain: Track, changed: list[Track], spread: Spread) -> Origin:
    """Where the changes first spread; an origin without a path where they are never seen to."""
    nowhere = Origin("", "", "", "")
    if any(len(track.events) != len(plain.events) for track in changed):
        return nowhere
    modules = dict(model.named_modules(remove_duplicate=False))
    for position, event in enumerate(plain.events):
        others = [track.events[position] for track in changed]
        if any(o.path != event.path or len(o.tensors) != len(event.tensors) for o in others):
            return nowhere
        for index, tensor in enumerate(event.tensors):
            twins = [other.tensors[index] for other in others]
            if all(t.shape == tensor.shape for t in twins) and spread(
                [_change(tensor, t) for t in twins]
            ):
                return _origin(modules, event)
    return nowhere


def _origin(modules: dict[str, nn.Module], event: _Event) -> Origin:
    path = event.path if event.ends else event.running
    kind = type(modules[path]).__name__
    source = source_of(modules, path)
    children = any(True for _ in modules[path].children())
    if not event.ends:
        after = f"after {event.before}" if event.before else ""
        told = " and ".join(filter(None, (after, f"before {event.path}")))
    else:
        told = f"after {event.before}" if children and event.before else ""
    return Origin(path, kind, source, told)


def _floating(value: Any) -> list[Tensor]:
    return [t.detach().clone() for t in tensors_in(value) if t.is_floating_point()]


def _change(plain: Tensor, changed: Tensor) -> Tensor:
    """Where two tensors differ by more than rounding."""
    size = (changed - plain).abs().nan_to_num(0.0, 0.0, 0.0)
    return size > _ROUNDING * size.max() if size.numel() else size.bool()
