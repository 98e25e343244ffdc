"""Training loops: grouping the recorded events by the loop they happen in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.torch_values import Optimizer
from gradhealth_lint.semantics.domain.values import Value
from gradhealth_lint.semantics.pytorch import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradhealth_lint.semantics.pytorch.events import Event


#: They evaluate the loss several times a step and search along it: a clipped gradient would
#: mislead them, and what holds for ordinary loops does not for theirs.
_CLOSURE_OPTIMIZERS: Final = frozenset({"LBFGS"})


@dataclass(frozen=True, slots=True)
class StepInLoop:
    """An optimizer step in a loop that also does a backward pass."""

    event: Event
    owners: tuple[Value, ...]
    parameters_text: str
    clipped: bool
    framework: bool
    unscaled_before: bool

    @property
    def scaled(self) -> bool:
        """Whether a GradScaler steps the optimizer, and is known to be switched on."""
        scaler = self.event.scaler
        return scaler is not None and scaler.enabled is True


def steps(recorded: Sequence[Event]) -> list[StepInLoop]:
    """The steps of one run of a function or module, each with what surrounds it."""
    found = []
    for event in recorded:
        if event.kind != events.STEP or not event.loops:
            continue
        around = [other for other in recorded if other.loops[:1] == event.loops[:1]]
        if not any(o.kind == events.BACKWARD and _same_loop(o, event) for o in around):
            continue
        kinds = {other.kind for other in around}
        receiver = event.receiver
        known = isinstance(receiver, Optimizer)
        if known and receiver.kind in _CLOSURE_OPTIMIZERS:
            continue
        found.append(
            StepInLoop(
                event,
                receiver.owners if known else (),
                receiver.text if known else "",
                events.CLIP in kinds,
                events.FRAMEWORK in kinds,
                events.UNSCALE in kinds,
            )
        )
    return found


def _same_loop(backward: Event, step: Event) -> bool:
    """One runs in the other's loop, or in a loop inside it (accumulation)."""
    shorter = min(len(backward.loops), len(step.loops))
    return backward.loops[:shorter] == step.loops[:shorter]
