"""GRD304 clip-before-backward."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import behind
from gradhealth_lint.rules.training_loop.turns import implies, turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ClipBeforeBackward:
    """A clip that runs before there is a gradient to clip."""

    code: ClassVar[str] = "GRD304"
    name: ClassVar[str] = "clip-before-backward"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this clips before {backward} has computed the gradient: {optimizer}.step() "
        "uses it as it is"
    )
    message_hosted: ClassVar[str] = (
        "{framework} goes backward after {method} has returned: this clips what is left of the "
        "last step, and nothing bounds the gradient that is stepped with"
    )
    remedy: ClassVar[str] = "move it between backward() and {optimizer}.step()"
    why: ClassVar[str] = (
        "clip_grad_norm_ changes the .grad that is there when it is called. Before "
        "backward() that is nothing, or zeros, or what is left of the last step; the "
        "gradient that step() uses is computed afterwards and nothing bounds it. Silent"
        " where an earlier backward pass of the same turn comes before the clip, and "
        "where the gradient is clipped again later. The same holds for a clip in a method that "
        "a framework calls before its own backward pass: training_step of a LightningModule that "
        "optimises automatically, compute_loss of a Trainer of transformers."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Pascanu et al. (2013), On the difficulty of training recurrent neural "
        "networks, arXiv 1211.5063, section 3.2",
        "PyTorch documentation, torch.optim: taking an optimization step",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward|training_step|compute_loss|get_loss"),
        re.compile(rb"(?i:clip|clamp)"),
        re.compile(rb"step|compute_loss|get_loss"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A clip, then the first backward pass of the turn, then the step."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            if since is None or any(event.kind in {"clip", "helper"} for event in since):
                continue
            for index, event in enumerate(turn.before):
                if event.kind in {"backward", "helper", "edit", "penalty"}:
                    break
                own = event.framework in {"", turn.loop.owner}
                if event.kind != "clip" or not own or not turn.concerns(event):
                    continue
                later = next(e for e in turn.before[index:] if e.kind in {"backward", "step"})
                first = later.kind == "backward" and _always(event, later)
                if first and event.anchor not in seen:
                    seen.add(event.anchor)
                    loss = f"{later.text}.backward()" if later.text else "backward()"
                    yield Found(
                        event.anchor,
                        self.message.format(backward=loss, optimizer=turn.name),
                        self.remedy.format(optimizer=turn.name),
                        behind(event, later, "unsafe"),
                    )
        for clip in facts.early_clips:
            if clip.anchor not in seen:
                seen.add(clip.anchor)
                name, instead = _HOSTS[clip.framework]
                message = self.message_hosted.format(framework=name, method=clip.method)
                yield Found(clip.anchor, message, instead)

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
            "step-of-the-turns-before",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for i, (x, y) in enumerate(loader):
                if i % 4 == 0 and i > 0:
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
                    optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "before",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                loss.backward()
                optimizer.step()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                optimizer.step()
            """,
        ),
    )


#: Tests by which code asks whether it is to clip, or whether there is anything to clip.
_CLIPPING = re.compile(r"clip|clamp|norm|grad", re.IGNORECASE)


#: Frameworks by their names, and how to have each clip.
_HOSTS = {
    "lightning": (
        "Lightning",
        "pass gradient_clip_val= to the Trainer, or clip in on_before_optimizer_step",
    ),
    "transformers": ("the Trainer", "set max_grad_norm in TrainingArguments"),
    "skorch": ("skorch", "add the GradientNormClipping callback"),
}


def _always(clip: LoopEvent, backward: LoopEvent) -> bool:
    """Whether a clip runs whenever the backward pass does, if it is wanted at all."""
    over = tuple(one for one in clip.conditions if not _CLIPPING.search(one.text))
    return implies(backward, replace(clip, conditions=over))
