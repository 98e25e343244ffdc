"""Tensors that a loop moves along their gradient by hand, and whose gradient nothing clears."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import called, dotted
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import Uncleared

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.loop_syntax import Loop
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.updating import Moved

#: What clears gradients, or changes them, or has them made anew, anywhere in the file.
_CLEARS: Final = re.compile(
    r"zero_\(|zero_?grad|zeros_?like|\.grad(\.data)?\s*[-+*/]?=(?!=)|\.grad(\.data)?\.\w+_\("
    r"|\.grad(\.data)?\[|autograd\.grad|\bgrad\(|(clear|reset)\w*grad|setattr|functional_call"
)
#: What a statement may hand a tensor to without changing its gradient.
_HARMLESS: Final = re.compile(r"(torch|nn|F|np|numpy|math|plt|wandb|logging|logger)\.|^print$")


def uncleared(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[Uncleared, ...]:
    """Every loop with such updates; a file that clears any gradient has none."""
    moved = interpreter.held.moved
    if not moved or _CLEARS.search(code):
        return ()
    found: dict[int, dict[str, Anchor]] = {}
    for run in runs.roots:
        for event in run.events:
            if event.kind != events.BACKWARD or event.framework:
                continue
            for one in moved:
                loop = _around(one, event.loops) if one.turn == event.turn else None
                if loop is not None and _lasts(one, loop) and not _goes_away(one, loop):
                    found.setdefault(id(loop), {}).setdefault(one.text, anchor(one.node))
    return tuple(Uncleared(tuple(ones.values()), tuple(ones)) for ones in found.values())


def _around(moved: Moved, loops: tuple[cst.CSTNode, ...]) -> Loop | None:
    """The innermost loop that goes backward and moves the tensor, if it is of this file."""
    common = [one for one, other in zip(moved.loops, loops, strict=False) if one is other]
    inside = loop_syntax.in_file(tuple(common))
    return inside[-1] if inside and inside[-1] is common[-1] else None


def _sources(moved: Moved, loop: Loop) -> set[str]:
    """What the tensor comes from, as the code of the loop has it."""
    sources = {moved.text}
    for inner in reversed(moved.loops):
        if inner is loop:
            break
        if isinstance(inner, cst.For):
            over = set(walking.names(inner.target))
            if {one.partition(".")[0] for one in sources} & over:
                sources = loop_syntax.mentioned(inner.iter)
    function = moved.function
    if not isinstance(function, cst.FunctionDef) or _is_within(loop, function):
        return sources
    name = function.name.value
    calls = [one for one in walking.nodes_within(loop.body, cst.Call) if called(one) == name]
    given = {text for call in calls for one in call.args for text in loop_syntax.mentioned(one)}
    owners = {dotted(call.func).rpartition(".")[0] for call in calls}
    return given | {owner for owner in owners if owner}


def _lasts(moved: Moved, loop: Loop) -> bool:
    """Whether the tensor of one turn is that of the next: nothing in the loop makes it anew."""
    sources = _sources(moved, loop)
    over = moved.loops
    made = {
        one.name
        for one in loop_syntax.writes(loop.body)
        if one.form == "set" and not any(one.node is inner for inner in over)
    }
    if isinstance(loop, cst.For):
        made |= set(walking.names(loop.target))
    return bool(sources) and not any(
        f"{source}.".startswith(f"{name}.") for source in sources for name in made
    )


def _goes_away(moved: Moved, loop: Loop) -> bool:
    """Whether something that is not read gets the tensor, and may clear its gradient."""
    sources = _sources(moved, loop)
    own = moved.function.name.value if isinstance(moved.function, cst.FunctionDef) else ""
    for line in walking.nodes_within(loop.body, cst.Expr):
        call = line.value
        if not isinstance(call, cst.Call) or called(call) in {"backward", "append", own}:
            continue
        if _HARMLESS.search(dotted(call.func)) or _is_update(call):
            continue
        if sources & {
            text for one in (call.func, *call.args) for text in loop_syntax.mentioned(one)
        }:
            return True
    return False


def _is_update(call: cst.Call) -> bool:
    """``w.data.sub_(lr * w.grad)`` and other changes in place."""
    return isinstance(call.func, cst.Attribute) and called(call).endswith("_")


def _is_within(loop: Loop, function: cst.FunctionDef) -> bool:
    return any(one is loop for one in walking.within(function.body))
