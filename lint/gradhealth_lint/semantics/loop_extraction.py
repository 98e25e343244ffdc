"""From recorded events to the facts of training loops, with numbers for what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from gradhealth_lint.semantics import loop_syntax
from gradhealth_lint.semantics.domain.names import dotted
from gradhealth_lint.semantics.domain.torch_values import (
    Layer,
    Manager,
    Optimizer,
    Scaler,
    Scheduler,
    is_module,
)
from gradhealth_lint.semantics.loop_facts import (
    Condition,
    LoopEvent,
    Subject,
    TrainingLoop,
    TrainingStep,
)
from gradhealth_lint.semantics.loops import Group, Step, groups
from gradhealth_lint.semantics.pytorch import freezing, modules
from gradhealth_lint.semantics.pytorch.frameworks import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradhealth_lint.semantics.domain.values import Value
    from gradhealth_lint.semantics.loop_facts import SubjectKind
    from gradhealth_lint.semantics.places import Anchor
    from gradhealth_lint.semantics.python.roots import Runs
    from gradhealth_lint.semantics.pytorch.events import Event


class LoopExtractor:
    """Turns groups of events into facts.

    ``members`` are the layers of each stack by identity, ``sites`` the places that stand for code
    of other files.
    """

    def __init__(
        self,
        anchor: Callable[[cst.CSTNode], Anchor],
        class_name: Callable[[Value], str],
        members: Sequence[set[int]],
        sites: set[int],
    ) -> None:
        self._anchor = anchor
        self._class_name = class_name
        self._members = members
        self._sites = sites
        #: Loops of other files that code of this one leads to.
        self.elsewhere: tuple[TrainingLoop, ...] = ()
        self._subjects: dict[int, Subject] = {}
        self._parts: dict[int, int] = {}
        self._texts: dict[cst.CSTNode, str] = {}
        self._counting: set[cst.CSTNode] = set()
        self._names: dict[int, set[str]] = {}

    def loops(self, runs: Runs) -> tuple[TrainingLoop, ...]:
        """Every training loop, each place once: the best known reading."""
        for event in (event for run in runs.roots for event in run.events if event.model):
            self._names.setdefault(id(event.node), set()).add(event.model)
        best: dict[Anchor, TrainingLoop] = {}
        elsewhere: dict[Anchor, TrainingLoop] = {}
        for group in groups(runs):
            # One that stands in another file is read there as well, with less known of its model.
            found = elsewhere if id(group.node) in self._sites else best
            loop = self._loop(group)
            old = found.get(loop.anchor)
            if old is None or _known(loop) > _known(old):
                found[loop.anchor] = loop
        self.elsewhere = tuple(elsewhere.values())
        return tuple(best.values())

    def subjects(self) -> tuple[Subject, ...]:
        """All that the events of the loops are about, by number."""
        return tuple(sorted(self._subjects.values(), key=lambda subject: subject.number))

    def _loop(self, group: Group) -> TrainingLoop:
        return TrainingLoop(
            self._anchor(group.node),
            group.owner,
            tuple(self._event(event) for event in group.events),
            tuple(self._step(step, group.events[step.index]) for step in group.steps),
            group.looped,
            group.complete,
            self._numbers(group.lasting),
            tuple(map(self._event, group.cleared_before)),
            group.cleared_elsewhere,
        )

    def _event(self, event: Event) -> LoopEvent:
        return LoopEvent(
            event.kind,  # type: ignore[arg-type]
            self._anchor(event.node),
            event.text,
            self._number(event.receiver),
            self._numbers(event.owners),
            tuple(self._anchor(loop) for loop in event.loops),
            tuple(self._condition(event, node, holds=holds) for node, holds in event.conditions),
            event.how,
            limit_of(event.limit),
            None if event.scaler is None else self._number(event.scaler),
            event.framework,
            event.flaw,
        )

    def _condition(self, event: Event, node: cst.CSTNode, *, holds: bool) -> Condition:
        if node not in self._texts:
            test = node.test if isinstance(node, cst.If) else None
            loops = loop_syntax.in_file(event.loops)
            if test is not None and loops and loop_syntax.is_counting(test, loops[-1]):
                self._counting.add(node)
            if isinstance(node, cst.With):
                test = node.items[0].item
            self._texts[node] = "" if test is None else cst.Module([]).code_for_node(test)
        text, counting = self._texts[node], node in self._counting
        return Condition(self._anchor(node), text, holds, counting or "%" in text)

    def _step(self, step: Step, event: Event) -> TrainingStep:
        owned = [layer for owner in step.owners for layer in modules.layers(owner)]
        layers = [layer for layer in owned if not freezing.may_be_frozen(layer)]
        inside = {id(layer) for layer in layers}
        scaler = event.scaler
        return TrainingStep(
            anchor=self._anchor(event.node),
            event=step.index,
            backwards=step.backwards,
            model=next((self._class_name(owner) for owner in step.owners), None),
            layers=frozenset(layer.kind for layer in layers),
            stacks=self._stacks(inside),
            clipping=step.clipping,
            scaled=scaler is not None and scaler.enabled is True,
            unscaled_before=step.unscaled_before,
            parameters_text=step.parameters_text,
            optimizer_text=event.text,
            model_text=self._model_text(event),
            scaler_text=_receiver(event.node) if event.how == "scaled" else "",
            helper=self._helper(event.node),
        )

    def _helper(self, node: cst.CSTNode) -> str:
        """The function that is called where a step of another file is taken."""
        if id(node) not in self._sites:
            return ""
        return dotted(getattr(node, "func", None)) or "the function that is called"

    def _model_text(self, event: Event) -> str:
        """What the code around a step calls the model, if that is the same whoever runs it."""
        names = self._names.get(id(event.node), set())
        return event.model if names <= {event.model} else ""

    def _stacks(self, inside: set[int]) -> tuple[int, ...]:
        return tuple(index for index, layers in enumerate(self._members) if layers & inside)

    def _numbers(self, values: Sequence[Value]) -> tuple[int, ...]:
        return tuple(number for number in map(self._number, values) if number is not None)

    def _number(self, value: Value) -> int | None:
        """The number of a model, optimizer, scaler, scheduler or framework; None of others."""
        known = self._subjects.get(id(value))
        if known is not None:
            return known.number
        if is_module(value):
            if isinstance(value, Layer) and value.kind.endswith("Loss"):
                return None
            layers = modules.layers(value)
            kinds = frozenset(layer.kind for layer in layers)
            stacks = self._stacks({id(layer) for layer in layers})
            parts = frozenset(
                self._parts.setdefault(id(layer), len(self._parts)) for layer in layers
            )
            return self._new(
                value, "model", self._class_name(value), layers=kinds, stacks=stacks, parts=parts
            )
        if isinstance(value, Optimizer):
            owns = self._numbers(value.owners)
            loops = tuple(self._anchor(loop) for loop in value.loops)
            return self._new(
                value, "optimizer", value.kind,
                owns=owns, loops=loops, foreign=value.foreign, given=value.text,
            )  # fmt: skip
        if isinstance(value, Scaler):
            return self._new(value, "scaler", "GradScaler")
        if isinstance(value, Scheduler):
            return self._new(value, "scheduler", value.kind)
        if isinstance(value, Manager):
            return self._new(value, "framework", value.framework)
        return None

    def _new(
        self,
        value: Value,
        kind: SubjectKind,
        name: str,
        *,
        layers: frozenset[str] = frozenset(),
        stacks: tuple[int, ...] = (),
        owns: tuple[int, ...] = (),
        loops: tuple[Anchor, ...] = (),
        foreign: bool = False,
        parts: frozenset[int] = frozenset(),
        given: str = "",
    ) -> int:
        number = len(self._subjects)
        self._subjects[id(value)] = Subject(
            number, kind, name, layers, stacks, owns, loops, foreign, parts, given
        )
        return number


def _receiver(node: cst.CSTNode) -> str:
    """``scaler`` of ``scaler.step(optimizer)``."""
    func = node.func if isinstance(node, cst.Call) else None
    return dotted(func.value) if isinstance(func, cst.Attribute) else ""


def _known(loop: TrainingLoop) -> tuple[int, int, int]:
    """How much is known of a loop: models stepped, subjects told, events seen."""
    models = sum(step.model is not None for step in loop.steps)
    return models, sum(event.subject is not None for event in loop.events), len(loop.events)
