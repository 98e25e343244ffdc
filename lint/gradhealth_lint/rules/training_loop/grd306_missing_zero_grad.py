"""GRD306 missing-zero-grad."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import cleared
from gradhealth_lint.rules.training_loop.turns import UNREAD, Turn, is_under, opposed, turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradhealth_lint.edits.plan import Plan
    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent, Subject
    from gradhealth_lint.semantics.training_facts import Uncleared


#: A test that comes out the same in every turn: ``args.amp``, ``scaler is None``.
_SETTING: Final = re.compile(r"[A-Za-z_][\w.]*( is None)?")


class MissingZeroGrad:
    """A loop in which nothing ever clears the gradient."""

    code: ClassVar[str] = "GRD306"
    name: ClassVar[str] = "missing-zero-grad"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "nothing in this loop clears the gradient of {optimizer}: each {optimizer}.step() uses the "
        "sum of all gradients so far"
    )
    remedy: ClassVar[str] = "call {optimizer}.zero_grad() before backward() in every turn"
    by_hand_message: ClassVar[str] = (
        "nothing in this file clears {text}.grad{more}: each update by hand uses the sum of all"
        " gradients so far"
    )
    by_hand_remedy: ClassVar[str] = "set {text}.grad{more} to None after the update, in every turn"
    why: ClassVar[str] = (
        "backward() adds to .grad. Without zero_grad() the second step uses the "
        "gradients of two batches, the hundredth of a hundred, most of them computed "
        "for weights that are long gone: the effective learning rate grows with time "
        "and training oscillates or diverges. Silent where anything clears gradients: "
        "zero_grad of the optimizer or model, p.grad = None, a helper that gets the "
        "model or the optimizer and cannot be read; and for optimizers that are not "
        "torch.optim's. A method that steps an optimizer of its object is a loop by its callers: "
        "it is reported where nothing in the file clears gradients. So is a loop that steps by "
        "hand, ``w -= lr * w.grad``, with tensors that it does not make anew."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"step|\.grad\b"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Backward pass and step in code that is read to its end and clears nothing of it."""
        for update in facts.uncleared:
            first, *others = update.texts
            more = "".join(f" and {text}.grad" for text in others)
            yield Found(
                update.anchors[0],
                self.by_hand_message.format(text=first, more=more),
                self.by_hand_remedy.format(text=first, more=more),
                _let_go(update),
            )
        seen: set[int] = set()
        subjects = {subject.number: subject for subject in facts.subjects}
        for turn in turns(facts):
            events = turn.loop.events
            if not turn.loop.complete or turn.step.anchor in seen or _is_unread(events):
                continue
            zeros = [event for event in events if event.kind == "zero_grad"]
            if not all(_spares(event, turn, subjects) for event in zeros):
                continue
            if any(map(turn.clears, turn.loop.cleared_before)):
                continue  # GRD322 says where it is cleared
            since = turn.since("backward")
            if _repeats(turn) and since is not None:
                seen.add(turn.step.anchor)
                yield Found(
                    turn.step.anchor,
                    self.message.format(optimizer=turn.name),
                    self.remedy.format(optimizer=turn.name),
                    cleared(turn, since[0]),
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "after-the-step",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                optimizer.zero_grad()
            """,
        ),
        Example(
            "by-hand",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                for p in model.parameters():
                    p.grad = None
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "new-model-each-time",
            """
            import torch

            for lr in (0.1, 0.01):
                model = torch.nn.Linear(8, 1)
                optimizer = torch.optim.SGD(model.parameters(), lr=lr)
                model(x).mean().backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "forgotten",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()  # <- here
                optimizer.zero_grad()
            """,
        ),
    )


def _let_go(update: Uncleared) -> Plan:
    from gradhealth_lint.edits.plan import InsertAfter, Plan

    pairs = zip(update.anchors, update.texts, strict=True)
    return Plan(
        "unsafe",
        tuple(InsertAfter(anchor, ((f"{text}.grad = None",),)) for anchor, text in pairs),
    )


def _is_unread(events: Iterable[LoopEvent]) -> bool:
    """Whether what is not read may clear: a second derivative leaves every .grad as it is."""
    return any(event.kind in UNREAD and event.kind != "penalty" for event in events)


def _is_in_another_branch(zero: LoopEvent, turn: Turn) -> bool:
    """Whether it belongs to a branch that trains by itself, in place of the one of the step.

    The test between them is a plain setting: a test of the turn takes both, one after the other.
    """
    tests = opposed(zero, turn.step)
    if not tests or not all(_SETTING.fullmatch(str(test)) for test, _ in tests):
        return False
    kinds = {event.kind for event in turn.loop.events if is_under(event, tests)}
    return {"backward", "step"} <= kinds


def _repeats(turn: Turn) -> bool:
    """Whether several steps are taken with one optimizer: by a loop, or by several calls."""
    own = turn.step.how == "each" and turn.loops == turn.step.loops
    if not turn.is_torch_optimizer or own:
        return False  # or each turn of the loop trains another model
    if turn.loops:
        return turn.loops[-1] not in turn.made_in
    lasts = turn.step.subject is not None and turn.step.subject in turn.loop.lasting
    return lasts and not turn.loop.cleared_before and not turn.loop.cleared_elsewhere


def _spares(zero: LoopEvent, turn: Turn, subjects: dict[int, Subject]) -> bool:
    """Whether what is cleared is surely not what is stepped: the other one of two optimizers."""
    if _is_in_another_branch(zero, turn):
        return True
    if not zero.text or zero.text == turn.step.text or turn.step.how == "each":
        return False
    one = subjects.get(-1 if zero.subject is None else zero.subject)
    other = turn.optimizer
    events = turn.loop.events
    if one is not None and one.kind == "optimizer":
        if not any(e.kind == "step" and e.subject == zero.subject for e in events):
            return False
    elif one is None:
        return other is None and _is_another_turns(zero, turn)
    cleared = [subjects[number].parts for number in zero.models]
    stepped = [subjects[number].parts for number in turn.step.models]
    if cleared and stepped and all(cleared) and all(stepped):
        return not frozenset().union(*cleared) & frozenset().union(*stepped)
    return other is not None and _are_apart(one.given, other.given)


def _are_apart(one: str, other: str) -> bool:
    """Whether of ``a.parameters()`` and ``b.parameters()`` neither model is in the other."""
    if not one.endswith(".parameters()") or not other.endswith(".parameters()"):
        return False
    return not one.startswith(other[:-12]) and not other.startswith(one[:-12])


def _is_another_turns(zero: LoopEvent, turn: Turn) -> bool:
    """Whether an optimizer is cleared, differentiated for and stepped apart from this one."""
    places = [
        place
        for place, event in enumerate(turn.before)
        if event.kind == "step" and event.text == zero.text
    ]
    later = [
        place
        for place, event in enumerate(turn.after)
        if event.kind == "step" and event.text == zero.text
    ]
    return any(event.kind == "backward" for place in places for event in turn.before[place:]) or (
        any(event.kind == "backward" for place in later for event in turn.after[:place])
    )
