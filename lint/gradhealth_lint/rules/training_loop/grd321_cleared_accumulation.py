"""GRD321 cleared-accumulation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.turns import Turn, counts, implies, turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ClearedAccumulation:
    """Accumulation in which every micro-batch undoes the ones before it."""

    code: ClassVar[str] = "GRD321"
    name: ClassVar[str] = "cleared-accumulation"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this runs for every micro-batch, but {optimizer}.step() only when {test}: {effect}"
    )
    remedy: ClassVar[str] = "move it under the same test as {optimizer}.step()"
    why: ClassVar[str] = (
        "Gradient accumulation lets backward() add up the gradients of several micro-"
        "batches and steps once. A zero_grad() in every turn throws away all but the "
        "last one: the batch is as small as before, and most of the computation is "
        "wasted. A clip in every turn bounds what has been summed so far again and "
        "again, so early micro-batches count less; unscale_ in every turn divides by "
        "the loss scale more than once."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Automatic Mixed Precision examples: gradient clipping, "
        "gradient accumulation",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"step"),
        re.compile(rb"%|=="),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A step that counts turns, in a loop where each turn differentiates and clears."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            counting = None if since is None else counts(turn.step, since[0])
            if since is None or counting is None or not counting.holds or not turn.loops:
                continue
            if turn.loop.owner == "accelerate":
                continue  # its optimizers clear and step in the turns that it counts itself
            for event in (*turn.before, *turn.after):
                effect = _EFFECTS.get(event.kind, "")
                own = _clears(event, turn) if event.kind == "zero_grad" else turn.concerns(event)
                if not effect or event.framework or not own or event.anchor in seen:
                    continue
                if implies(since[0], event) and event.loops == since[0].loops == turn.loops:
                    seen.add(event.anchor)
                    yield Found(
                        event.anchor,
                        self.message.format(
                            optimizer=turn.name, test=" ".join(counting.text.split()), effect=effect
                        ),
                        self.remedy.format(optimizer=turn.name),
                    )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "under-the-same-test",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for i, (x, y) in enumerate(loader):
                loss = nn.functional.mse_loss(model(x), y) / 4
                loss.backward()
                if (i + 1) % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
            """,
        ),
        Example(
            "generator-now-and-then",
            """
            import torch

            G, D = torch.nn.Linear(8, 8), torch.nn.Linear(8, 1)
            optimizer_g = torch.optim.Adam(G.parameters())
            optimizer_d = torch.optim.Adam(D.parameters())
            for i, (real, noise) in enumerate(loader):
                optimizer_d.zero_grad()
                optimizer_g.zero_grad()
                loss_d = D(G(noise).detach()).mean() - D(real).mean()
                loss_d.backward()
                optimizer_d.step()
                if i % 5 == 0:
                    loss_g = -D(G(noise)).mean()
                    loss_g.backward()
                    optimizer_g.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "cleared-each-time",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for i, (x, y) in enumerate(loader):
                optimizer.zero_grad()  # <- here
                loss = nn.functional.mse_loss(model(x), y) / 4
                loss.backward()
                if (i + 1) % 4 == 0:
                    optimizer.step()
            """,
        ),
    )


#: What happens to the sum of gradients when this is done in every turn.
_EFFECTS = {
    "zero_grad": "the gradients of all micro-batches but the last are thrown away",
    "clip": "what has been summed is bounded again at every turn, so early ones count less",
    "unscale": "what has been summed is divided by the loss scale more than once",
}


def _clears(zero: LoopEvent, turn: Turn) -> bool:
    """Whether what is stepped is cleared: by the optimizer, or by the only model that runs."""
    if turn.clears(zero):
        return True
    called = {event.text for event in turn.loop.events if event.kind == "forward"}
    stepped = {event.text for event in turn.loop.events if event.kind == "step"}
    return not turn.step.models and called == {zero.text} and len(stepped) == 1
