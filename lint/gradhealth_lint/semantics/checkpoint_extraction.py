"""Checkpoints that record no graph, in models that are trained on data as it comes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.cut_facts import LostCheckpoint
from gradhealth_lint.semantics.domain.graph import reachable
from gradhealth_lint.semantics.pytorch import events

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.checkpointing import Checkpointed

#: What makes an input ask for a gradient, or asks whether it does.
_ASKING: Final = re.compile(r"requires?_(input_)?grads?_?(?!\w)(?!\s*[(=]\s*False)")


def lost(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[LostCheckpoint, ...]:
    """Every checkpoint whose parameters get no gradient, each once."""
    seen = interpreter.cuts.checkpointed
    if not seen or _ASKING.search(code):
        return ()
    trained = _trained(runs)
    found: dict[int, LostCheckpoint] = {}
    for one in seen:
        if not (one.is_raw and one.source is not None) and not _is_of(one, runs, trained):
            continue
        told = any(a.keyword and a.keyword.value == "use_reentrant" for a in one.node.args)
        fact = LostCheckpoint(anchor(one.node), one.function, one.tensor, told)
        found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _trained(runs: Runs) -> set[int]:
    """Models that training code calls itself, and so with data."""
    return {
        id(event.receiver)
        for run in runs.roots
        if any(event.kind == events.BACKWARD for event in run.events)
        for event in run.events
        if event.kind == events.FORWARD and event.how != "untracked"
    }


def _is_of(one: Checkpointed, runs: Runs, trained: set[int]) -> bool:
    """Whether it is the data of a trained model, or of a loop, that it gets."""
    if one.source is None:
        # The loop's own: the loss that backward() starts from has to be made of it.
        return any(
            event.kind == events.BACKWARD and _is_around(event.loops, one.node)
            for run in runs.roots
            for event in run.events
        )
    return any(
        id(module) in trained and any(node is one.source for node in reachable(outputs))
        for module, outputs in runs.outputs
    )


def _is_around(loops: tuple[cst.CSTNode, ...], node: cst.Call) -> bool:
    from gradhealth_lint.semantics.domain import walking

    return any(inner is node for loop in loops[-1:] for inner in walking.within(loop))
