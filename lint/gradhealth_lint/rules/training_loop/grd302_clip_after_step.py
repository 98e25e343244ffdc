"""GRD302 clip-after-step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import before
from gradhealth_lint.rules.training_loop.turns import turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class ClipAfterStep:
    """A gradient clipped when the optimizer has used it already."""

    code: ClassVar[str] = "GRD302"
    name: ClassVar[str] = "clip-after-step"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this clips after {optimizer}.step() has used the gradient: the step it was "
        "meant to bound is taken as it is"
    )
    remedy: ClassVar[str] = "move it between backward() and {optimizer}.step()"
    why: ClassVar[str] = (
        "step() reads .grad at the moment it is called. A clip behind it changes "
        "gradients that the next zero_grad() throws away, so training runs as if "
        "nothing were clipped, and the model is as unprotected as without it. Silent "
        "where another backward pass or another optimizer's step comes behind the clip,"
        " and where the gradient has been clipped before the step, too."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Pascanu et al. (2013), On the difficulty of training recurrent neural "
        "networks, arXiv 1211.5063, section 3.2",
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"(?i:clip|clamp)"),
        re.compile(rb"step"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A clip behind a step, with nothing behind it that it could be meant for."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            if since is None or any(event.kind in {"clip", "helper"} for event in since):
                continue
            for index, event in enumerate(turn.after):
                if event.kind in {"backward", "step", "helper", "edit"}:
                    break
                own = event.framework in {"", turn.loop.owner}
                meant = event.kind == "clip" and own and turn.concerns(event)
                later = any(other.kind == "step" for other in turn.after[index:])
                if meant and not later and event.anchor not in seen:
                    seen.add(event.anchor)
                    yield Found(
                        event.anchor,
                        self.message.format(optimizer=turn.name),
                        self.remedy.format(optimizer=turn.name),
                        before(event, turn.step, "unsafe") if since[0].how != "scaled" else None,
                    )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "between-backward-and-step",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            """,
        ),
        Example(
            "weights-are-clipped",
            """
            import torch

            critic = torch.nn.Linear(8, 1)
            optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
            for real, fake in loader:
                optimizer.zero_grad()
                (critic(fake).mean() - critic(real).mean()).backward()
                optimizer.step()
                for p in critic.parameters():
                    p.data.clamp_(-0.01, 0.01)
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "in-the-loop",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                optimizer.step()
            """,
        ),
    )
