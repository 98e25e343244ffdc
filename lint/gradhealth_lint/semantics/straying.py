"""Steps of an optimizer whose model no loss comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import Optimizer
from gradhealth_lint.semantics.lossway import UnreadError, Way
from gradhealth_lint.semantics.pytorch import events
from gradhealth_lint.semantics.training_facts import StrayStep

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Run, Runs
    from gradhealth_lint.semantics.pytorch.events import Event

#: Names under which nothing but a model is called.
_MODEL: Final = re.compile(
    r"(^|[._])(model|net|network|actor|critic|policy|value|generator|discriminator|encoder|"
    r"decoder|student|teacher|[GD]|net[GD])\d*$"
)
_GIVEN: Final = ".parameters()"
_UNREAD: Final = frozenset({events.HELPER, events.EDIT, events.HOOK, events.PENALTY, events.FIT})


def strayed(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[StrayStep, ...]:
    """Every step whose optimizer's model is not on the way to a loss since it was cleared."""
    made = [optimizer for optimizer, _ in interpreter.ownership.sources]
    owned = {model for optimizer in made if (model := _given(optimizer))}
    found: dict[int, StrayStep] = {}
    for run in runs.roots:
        for place, step in enumerate(run.events):
            model = _owned(step)
            region = _region(interpreter, step) if step.kind == events.STEP and model else None
            if region is None or _is_shared(model, code):
                continue
            called = _called(run, place, region, frozenset(owned | _applied(region, code)))
            apart = called and not any(_touch(model, one) for one in called)
            distinct = called <= owned or model in _texts(region) or _makes(model, code)
            if apart and distinct:
                fact = StrayStep(anchor(step.node), step.text or "optimizer", model, max(called))
                found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _owned(step: Event) -> str:
    """``model`` of the optimizer that was given ``model.parameters()``, "" if that is not told."""
    return _given(step.receiver)


def _given(optimizer: Value) -> str:
    if not isinstance(optimizer, Optimizer) or optimizer.foreign:
        return ""
    return optimizer.text.removesuffix(_GIVEN) if optimizer.text.endswith(_GIVEN) else ""


def _region(interpreter: Interpreter, step: Event) -> cst.BaseSuite | None:
    """The body of the function a step stands in, else of the loop around it."""
    for function in loop_syntax.functions(interpreter):
        body = function.node.body
        if isinstance(body, cst.BaseSuite) and any(
            one is step.node for one in walking.within(body)
        ):
            return body
    loops = loop_syntax.in_file(step.loops)
    return loops[0].body if loops else None


def _called(run: Run, place: int, region: cst.BaseSuite, models: frozenset[str]) -> set[str]:
    """The models on the way to the losses a step sees; nothing if one cannot be told."""
    step = run.events[place]
    inside = [event for event in run.events if event.turn == step.turn]
    before = inside[: inside.index(step)]
    cleared = [
        n for n, one in enumerate(before) if one.kind == events.ZERO and one.text == step.text
    ]
    since = before[cleared[-1] :] if cleared else []
    backwards = [event for event in since if event.kind == events.BACKWARD]
    if any(event.kind in _UNREAD or event.conditions for event in since) or not backwards:
        return set()
    way, found = Way(region, models), set[str]()
    try:
        for event in backwards:
            if not isinstance(event.node, cst.Call):
                return set()
            found |= way.models(event.node)
    except UnreadError:
        return set()
    return found


def _applied(region: cst.BaseSuite, code: str) -> set[str]:
    """What a function calls that is a model by its name, or by what the file makes it of."""
    return {text for text in _texts(region) if _makes(text, code)}


def _makes(text: str, code: str) -> bool:
    """Whether the file sets a name to a new model: a class's, or that of a function by its name."""
    called = r"(?:\w+\.)*\w+" if _MODEL.search(text) else r"(?:\w+\.)*(?!\w*Loss)[A-Z]\w*"
    return bool(re.search(rf"^\s*{re.escape(text)}\s*=\s*{called}\(", code, re.M))


def _texts(region: cst.BaseSuite) -> set[str]:
    return {dotted(one.func) for one in walking.nodes_within(region, cst.Call)}


def _is_shared(model: str, code: str) -> bool:
    """Whether a model is handed to something that may hold it, or is made of something that is."""
    name = re.escape(model)
    handed = rf"[(\[{{,=]\s*{name}\s*(?:[,)\]}}#]|$)"
    held = rf"^\s*{name}\s*=\s*[\w.]+\s*$"
    calls = [line for line in code.splitlines() if not line.lstrip().startswith("def ")]
    return any(re.search(handed, line) or re.search(held, line) for line in calls)


def _touch(one: str, other: str) -> bool:
    """Whether of two models one may be a part of the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
