"""GRD303 clip-before-unscale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.reordering import unscaled_before
from gradhealth_lint.rules.training_loop.turns import turns
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import LoopEvent


class ClipBeforeUnscale:
    """A clip that measures gradients still multiplied by the loss scale."""

    code: ClassVar[str] = "GRD303"
    name: ClassVar[str] = "clip-before-unscale"
    severity: ClassVar[Severity] = "error"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "this clips gradients that are still multiplied by the loss scale: {optimizer} "
        "is unscaled only behind it"
    )
    remedy: ClassVar[str] = "write {scaler}.unscale_({optimizer}) before it"
    why: ClassVar[str] = (
        "scaler.scale(loss).backward() leaves gradients that are larger than the true "
        "ones by the loss scale, 65536 at the start. A norm limit of 1 on them is one "
        "of 1/65536 on the true gradient: every step is cut down to nearly nothing, by "
        "a factor that changes with the scale. scaler.unscale_(optimizer) divides them "
        "first, and scaler.step then does not do it again. Silent for a framework's own"
        " clipping, which does so."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Automatic Mixed Precision examples: gradient clipping, "
        "gradient accumulation",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"(?i:scaler)"),
        re.compile(rb"(?i:clip|clamp)"),
        re.compile(rb"backward"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """A clip between a scaled backward pass and ``scaler.step``, with no ``unscale_`` first."""
        seen: set[int] = set()
        for turn in turns(facts):
            since = turn.since("backward")
            if turn.step.how != "scaled" or since is None or since[0].how != "scaled":
                continue
            for event in since[1:]:
                if event.kind in {"unscale", "helper", "edit", "step"}:
                    break
                meant = event.kind == "clip" and not event.framework and turn.concerns(event)
                if meant and event.anchor not in seen and not _unless_scaled(event, turn.step):
                    seen.add(event.anchor)
                    yield Found(
                        event.anchor,
                        self.message.format(optimizer=turn.name),
                        self.remedy.format(optimizer=turn.name, scaler="scaler"),
                        unscaled_before(event, turn),
                    )
                    break

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "unscaled-first",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda"):
                    loss = nn.functional.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
            """,
        ),
        Example(
            "either-way",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x), y)
                if args.amp:
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
                else:
                    loss.backward()
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "no-unscale",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                optimizer.zero_grad()
                with torch.cuda.amp.autocast():
                    loss = nn.functional.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.step(optimizer)
                scaler.update()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                optimizer.zero_grad()
                with torch.cuda.amp.autocast():
                    loss = nn.functional.mse_loss(model(x), y)
                scaler.scale(loss).backward()
                scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.step(optimizer)
                scaler.update()
            """,
        ),
        Example(
            "unscale-behind-the-clip",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.unscale_(optimizer)
                scaler.step(optimizer)
                scaler.update()
            """,
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            scaler = torch.amp.GradScaler("cuda")
            for x, y in loader:
                optimizer.zero_grad()
                scaler.scale(nn.functional.mse_loss(model(x), y)).backward()
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # <- here
                scaler.step(optimizer)
                scaler.update()
            """,
        ),
    )


#: Tests by which code tells its mixed-precision way from its ordinary one.
_PRECISION = re.compile(r"amp|scal|half|fp16|16|precision|mixed", re.IGNORECASE)


def _unless_scaled(clip: LoopEvent, step: LoopEvent) -> bool:
    """Whether the clip stands under a test about precision that the step is not under."""
    over = {condition.anchor for condition in step.conditions}
    return any(
        _PRECISION.search(condition.text) and condition.anchor not in over
        for condition in clip.conditions
    )
