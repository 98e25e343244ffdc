"""Running code of the project's other files: on a budget of its own, and for this file only.

While it runs, ``interpreter.site`` is the place in the file at hand that led there; whatever is
made or done meanwhile is noted at that place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.store import Store
from gradhealth_lint.semantics.domain.values import UNKNOWN, Arguments, Value
from gradhealth_lint.semantics.pytorch import events

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from gradhealth_lint.semantics.python.interpreter import Interpreter

#: Steps that all other files may take together for one file, and any one call or body of theirs.
FOREIGN_BUDGET: Final = 20_000
_ONE_VISIT: Final = 5_000


def load(interpreter: Interpreter, body: Callable[[], object], site: cst.CSTNode) -> None:
    """Run the body of a module: what it defines stays, whichever branch needed it first."""
    kept = len(interpreter.events), len(interpreter.inits), interpreter.trained
    store, forwarding = interpreter.store, interpreter.forwarding
    interpreter.store, interpreter.forwarding = Store(), 0
    running = interpreter.loops, interpreter.conditions, interpreter.notes, interpreter.constructing
    interpreter.loops, interpreter.conditions = [], []
    interpreter.notes, interpreter.constructing = [], []
    try:
        _visit(interpreter, body, interpreter.site or site)
    finally:
        del interpreter.events[kept[0] :], interpreter.inits[kept[1] :]
        interpreter.trained = kept[2]
        interpreter.store, interpreter.forwarding = store, forwarding
        interpreter.loops, interpreter.conditions = running[:2]
        interpreter.notes, interpreter.constructing = running[2:]


def call(
    interpreter: Interpreter,
    action: Callable[[], Value],
    arguments: Arguments,
    node: cst.CSTNode,
) -> Value:
    """The result of a function of another file; an unread call if it takes too long."""
    from gradhealth_lint.semantics.python import calls

    done, value = _visit(interpreter, action, node)
    if done:
        return value
    text = dotted(getattr(node, "func", None))
    events.record(interpreter, events.HELPER, node, UNKNOWN, text=text)
    return calls.unknown(interpreter, arguments, node)


def _visit(
    interpreter: Interpreter, action: Callable[[], Value], site: cst.CSTNode
) -> tuple[bool, Value]:
    """Whether an action ran to its end, and what it gave."""
    from gradhealth_lint.semantics.python.interpreter import BudgetExceededError

    before, allowed, came_from = interpreter.steps, interpreter.allowed, interpreter.site
    depths = len(interpreter.loops), len(interpreter.conditions), interpreter.forwarding
    granted = min(_ONE_VISIT, interpreter.foreign_steps)
    interpreter.allowed, interpreter.site = min(before + granted, allowed), site
    try:
        return True, action()
    except BudgetExceededError:
        del interpreter.loops[depths[0] :], interpreter.conditions[depths[1] :]
        interpreter.forwarding = depths[2]
        return False, UNKNOWN
    finally:
        interpreter.allowed, interpreter.site = allowed, came_from
        interpreter.foreign_steps -= interpreter.steps - before
