"""Clips in code that a framework runs before it goes backward: there is no gradient yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics.loop_facts import EarlyClip
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.pytorch.frameworks import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.roots import Run, Runs

#: The methods that each framework calls in a turn before ``backward()``.
_BEFORE: Final = {
    "lightning": frozenset(
        {"training_step", "on_train_batch_start", "on_before_zero_grad", "on_before_backward"}
    ),
    "transformers": frozenset({"compute_loss"}),
    "skorch": frozenset({"get_loss"}),
}
#: How a LightningModule says that it goes backward itself.
_BY_HAND: Final = "automatic_optimization"
_GOING_ON: Final = frozenset({events.BACKWARD, events.STEP, events.FIT, events.HELPER})


def early_clips(
    runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[EarlyClip, ...]:
    """Every such clip; those to infinity measure what is left of the last step, on purpose."""
    if _BY_HAND in code:
        return ()
    return tuple(
        EarlyClip(anchor(node), run.host, method)
        for run in runs.roots
        for method, node in _early(run)
    )


def _early(run: Run) -> Iterator[tuple[str, cst.CSTNode]]:
    function = run.function
    method = function.name.value if isinstance(function, cst.FunctionDef) else ""
    if method not in _BEFORE.get(run.host, ()) or not run.complete:
        return
    if any(event.kind in _GOING_ON for event in run.events):
        return
    for event in run.events:
        if event.kind == events.CLIP and limit_of(event.limit) != float("inf"):
            yield method, event.node
