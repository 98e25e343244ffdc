"""Models that are put into evaluation mode and trained on in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import libcst as cst

from gradhealth_lint.semantics import branches
from gradhealth_lint.semantics.domain import walking
from gradhealth_lint.semantics.domain.torch_values import Optimizer, is_module
from gradhealth_lint.semantics.domain.values import UNKNOWN, Symbol
from gradhealth_lint.semantics.pytorch import events, modules, viewing
from gradhealth_lint.semantics.training_facts import LeftInEvaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.interpreter import Interpreter
    from gradhealth_lint.semantics.python.roots import Run, Runs
    from gradhealth_lint.semantics.pytorch.events import Event

#: Layers that work in another way in evaluation mode, or cannot be trained in it.
_HEEDING: Final = re.compile(r"Dropout|BatchNorm|Transformer|RReLU|LSTM|GRU|RNN")
_SELF_HEEDING: Final = re.compile(r"\.training\b")
#: Models that are not trained, or held fixed, by their names.
_FIXED: Final = re.compile(
    r"teacher|target|ema|(^|_)ref|frozen|old|vgg|lpips|fid|inception|pre_?trained|backbone", re.I
)
#: A test for the last turn of a loop, after which nothing is trained.
_LAST: Final = re.compile(r"==[^%]*-\s*1\b|==\s*\d+\s*\)?$|\b(is_)?(last|final|done)", re.I)
#: Calls out of view that take numbers or pictures from a model and give it back as it was left.
_LOOKING: Final = re.compile(
    r"eval|valid|test|infer|predict|accura|metric|score|save|log|plot|print|sampl|generat|"
    r"loss|visuali|update|checkpoint|write|record|backward",
    re.I,
)


def left_in_evaluation(
    interpreter: Interpreter, runs: Runs, code: str, anchor: Callable[[cst.CSTNode], Anchor]
) -> tuple[LeftInEvaluation, ...]:
    """Every ``model.eval()`` after which the model is stepped before it is put back, each once."""
    found: dict[int, LeftInEvaluation] = {}
    for run in runs.roots:
        if not run.complete or any(_puts_back(one.branch) for one in run.skipped):
            continue
        for place, event in enumerate(run.events):
            if event.kind != events.EVAL or event.framework or _ends(event):
                continue
            step, again = _reached(interpreter, run, place)
            if step is None or _is_indifferent(event.receiver, code):
                continue
            if not again and not _evaluates(run.events[place : run.events.index(step)]):
                continue  # meant for the training: statistics of the norms that are to stay
            fact = LeftInEvaluation(
                anchor(event.node), event.text, step.text or "the optimizer",
                _heeding(event.receiver), again,
            )  # fmt: skip
            if fact.model and id(event.node) not in _loops_elsewhere(interpreter, step):
                found.setdefault(fact.anchor, fact)
    return tuple(found.values())


def _evaluates(between: Sequence[Event]) -> bool:
    return any(one.kind == events.FORWARD and one.how == "untracked" for one in between)


def _loops_elsewhere(interpreter: Interpreter, step: Event) -> set[int]:
    """The places that stand for code of other files, if the step's loop is there too."""
    return interpreter.sites if any(id(one) in interpreter.sites for one in step.loops) else set()


def _reached(interpreter: Interpreter, run: Run, place: int) -> tuple[Event | None, bool]:
    """The first step of the model after it is put into evaluation mode.

    With it whether the loop around both has to come round for it. None if something puts the model
    back first.
    """
    event = run.events[place]
    for depth in range(len(event.loops), -1, -1):
        inside = [
            (index, one)
            for index, one in enumerate(run.events)
            if depth == 0 or (one.turn == event.turn and one.loops[:depth] == event.loops[:depth])
        ]
        after = [one for index, one in inside if index > place]
        before = [one for index, one in inside if index < place] if depth else []
        for index, one in enumerate((*after, *before)):
            if _may_train(one, event):
                return None, False
            if one.kind == events.STEP and _is_trained(interpreter, event, one, run):
                excluded = branches.excludes(event.conditions, one.conditions) is not None
                foreign = one.framework or one.how == "closure"
                return (None if excluded or foreign else one), index >= len(after)
    return None, False


def _may_train(one: Event, event: Event) -> bool:
    """Whether something may put the model of ``event`` back into training mode."""
    if one.kind == events.FIT or (one.kind == events.HELPER and not _LOOKING.search(one.text)):
        return True
    if one.kind != events.TRAIN:
        return False
    mine, other = event.receiver, one.receiver
    if is_module(mine) and is_module(other):
        return any(inner is mine for _, inner in modules.named_modules(other))
    return not (isinstance(mine, Symbol) and isinstance(other, Symbol) and mine is not other)


def _is_trained(interpreter: Interpreter, event: Event, step: Event, run: Run) -> bool:
    """Whether a step is surely one of the model that was put into evaluation mode."""
    mine = event.receiver
    if _FIXED.search(event.text):
        return False
    backwards = [one for one in run.events if one.kind == events.BACKWARD]
    if not any(one.turn == step.turn for one in backwards):
        return False
    if step.owners:
        return any(owner is mine for owner in step.owners if owner is not UNKNOWN)
    if is_module(mine) and isinstance(step.receiver, Optimizer):
        return False
    texts = _owned(interpreter, step.receiver)
    if texts and event.text in texts:
        return True
    return any(
        one.kind == events.FORWARD
        and one.turn == step.turn
        and one.how != "untracked"
        and (not texts or one.text in texts)
        and (one.receiver is mine if mine is not UNKNOWN else one.text == event.text)
        for one in run.events
    )


def _owned(interpreter: Interpreter, optimizer: Value) -> set[str]:
    """What the code calls the models whose parameters an optimizer was given."""
    if not isinstance(optimizer, Optimizer):
        return set()
    return {
        source.text
        for one, sources in interpreter.ownership.sources
        if one is optimizer
        for source in sources
    }


def _ends(event: Event) -> bool:
    """Whether the branch it is in leaves the loop, or is that of the last turn."""
    for node, holds in event.conditions:
        if not isinstance(node, cst.If):
            continue
        arm = node.body if holds else node.orelse
        inner = () if arm is None else tuple(walking.within(arm))
        if any(isinstance(one, (cst.Break, cst.Return, cst.Raise)) for one in inner):
            return True
        test = cst.Module([]).code_for_node(node.test)
        if "%" not in test and _LAST.search(test):
            return True
    return False


def _puts_back(branch: cst.CSTNode) -> bool:
    """Whether a branch that is not taken has a call of ``train``."""
    return any(
        isinstance(one, cst.Call)
        and isinstance(one.func, cst.Attribute)
        and one.func.attr.value == "train"
        for one in walking.within(branch)
    )


def _heeding(model: Value) -> tuple[str, ...]:
    """The kinds of layers in a model that heed its mode."""
    kinds = (layer.kind for layer in (modules.layers(model) if is_module(model) else ()))
    return tuple(dict.fromkeys(kind for kind in kinds if _HEEDING.search(kind)))


def _is_indifferent(model: Value, code: str) -> bool:
    """Whether a model is known to its last part and none of them heeds its mode."""
    if not is_module(model) or _SELF_HEEDING.search(code) or _heeding(model):
        return False
    return viewing.is_in_view(model)
