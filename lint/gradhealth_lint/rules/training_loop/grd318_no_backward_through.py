"""GRD318 no-backward-through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.turns import Turn, turns, unread
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent, Subject


class NoBackwardThrough:
    """A step of an optimizer whose model the loss does not come from."""

    code: ClassVar[str] = "GRD318"
    name: ClassVar[str] = "no-backward-through"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{optimizer} owns the parameters of {owned}, which is not called in this loop: backward() "
        "fills the gradients of {called}, and the step moves nothing"
    )
    message_way: ClassVar[str] = (
        "{optimizer} owns the parameters of {owned}, and the loss comes from {called} without "
        "them: nothing on the way to it hands {owned} a gradient, and the step moves nothing"
    )
    remedy: ClassVar[str] = "make {optimizer} with {called}.parameters()"
    remedy_way: ClassVar[str] = (
        "let the loss come from {owned}, without detach() in between, or make {optimizer} with "
        "the parameters that are trained here"
    )
    why: ClassVar[str] = (
        "backward() reaches the parameters that the loss is computed from, and no others. An "
        "optimizer that owns those of another model finds .grad of None everywhere and skips "
        "them all: no error, no training. It happens with copies of a model and with two models "
        "whose optimizers are mixed up. Silent where what is called shares a layer with what is "
        "owned, where gradients are written by hand or handed to a helper that cannot be read, "
        "and where a model or its layers are not known."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: constructing it",
        "PyTorch documentation, Autograd mechanics",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every step of an optimizer that owns no part of what is called in its loop."""
        if any(stale.form == "model" for stale in facts.stale_optimizers):
            return  # GRD314 says where the model was made anew
        subjects = {subject.number: subject for subject in facts.subjects}
        seen: set[int] = set()
        for turn in turns(facts):
            if turn.step.anchor in seen or not turn.loop.complete or unread(turn.loop.events):
                continue
            owned = _owned(turn, subjects)
            called = _called(turn, subjects)
            if owned and called and not _parts(owned) & _parts([one for _, one in called]):
                seen.add(turn.step.anchor)
                names = {
                    "optimizer": turn.name,
                    "owned": owned[0].name,
                    "called": called[-1][0].text or called[-1][1].name,
                }
                yield Found(
                    turn.step.anchor, self.message.format(**names), self.remedy.format(**names)
                )

        for stray in facts.strayed:
            if stray.anchor not in seen:
                names = {
                    "optimizer": stray.optimizer,
                    "owned": stray.model,
                    "called": stray.called,
                }
                yield Found(
                    stray.anchor,
                    self.message_way.format(**names),
                    self.remedy_way.format(**names),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "own-model",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "head-on-a-body",
            """
            import torch
            from torch import nn

            body = nn.Linear(8, 8)
            head = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(head(body(x)), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "gradients-handed-over",
            """
            import copy
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            fast = copy.deepcopy(model)
            for x, y in loader:
                fast.zero_grad()
                nn.functional.mse_loss(fast(x), y).backward()
                for p, q in zip(model.parameters(), fast.parameters()):
                    p.grad = q.grad.clone()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "another-model",
            """
            import torch
            from torch import nn

            student = nn.Linear(8, 1)
            teacher = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(teacher.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(student(x), y).backward()
                optimizer.step()  # <- here
            """,
        ),
        Example(
            "copy",
            """
            import copy
            import torch
            from torch import nn

            base = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
            optimizer = torch.optim.SGD(base.parameters(), lr=0.1)
            model = copy.deepcopy(base)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
            """,
        ),
    )


def _owned(turn: Turn, subjects: dict[int, Subject]) -> list[Subject]:
    """The models an optimizer owns; none if the layers of one are not known."""
    optimizer = turn.optimizer
    if optimizer is None or optimizer.foreign or turn.since("backward") is None:
        return []
    owned = [subjects[number] for number in optimizer.owns]
    return owned if all(one.parts for one in owned) else []


def _called(turn: Turn, subjects: dict[int, Subject]) -> list[tuple[LoopEvent, Subject]]:
    """What is called in the loop; nothing if one of them is not known."""
    found = []
    for event in turn.loop.events:
        if event.kind == "forward":
            model = subjects.get(event.subject) if event.subject is not None else None
            if model is None or not model.parts:
                return []
            found.append((event, model))
    return found


def _parts(models: list[Subject]) -> set[int]:
    return {part for model in models for part in model.parts}
