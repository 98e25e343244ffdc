"""GRD301 missing-clipping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from gradhealth_lint.rules import wording
from gradhealth_lint.rules.rule import Found
from gradhealth_lint.rules.training_loop.clip_insertion import clip_before
from gradhealth_lint.semantics.domain import catalogue
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts
    from gradhealth_lint.semantics.loop_facts import TrainingStep

#: The parameters of a model whose name is not known.
_ANY: Final = "model.parameters()"


class MissingClipping:
    """A loop that trains a model at risk of exploding gradients and clips nowhere."""

    code: ClassVar[str] = "GRD301"
    name: ClassVar[str] = "missing-clipping"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "nothing clips the gradient between backward() and {optimizer}.step(), and {model} is at "
        "risk: {risk}"
    )
    remedy: ClassVar[str] = "before {where}, write {unscale}{clip}"
    why: ClassVar[str] = (
        "The gradient of a recurrent network is a product over time steps, and that of attention "
        "has rare large values early in training; one such step can undo the training so far. "
        "Clipping the norm bounds the step and leaves ordinary ones alone. It is reported only "
        "where the model and the loop are both in view and the model is one of these, or is "
        "predicted to explode: most loops need no clipping. A loss scale alone is no reason: "
        "GradScaler leaves out the steps that overflow."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Pascanu et al. (2013), On the difficulty of training recurrent neural networks, "
        "arXiv 1211.5063, section 3.2",
        "Zhang et al. (2020), Why are adaptive methods good for attention models?, "
        "arXiv 1912.03194",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        # The loop may be in another file, the model and its optimizer in this one.
        re.compile(rb"backward|\.parameters\("),
        re.compile(rb"step|optim"),
    )
    reads_stacks: ClassVar[bool] = True

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Judge every optimizer step in a training loop whose model is known."""
        loops = (*facts.loops, *facts.loops_elsewhere)
        own = [loop for loop in loops if loop.owner == "own"]
        seen: set[int] = set()
        for loop, step in ((one, step) for one in own for step in one.steps):
            if not loop.looped and loop.events[step.event].subject not in loop.lasting:
                continue  # it runs once
            if step.clipping != "none" or step.model is None or step.anchor in seen:
                continue
            risk = _risk(step, facts, limits)
            if risk is None:
                continue
            seen.add(step.anchor)
            optimizer = step.optimizer_text or "optimizer"
            parameters = "" if step.helper else step.parameters_text
            where = f"the step in {step.helper}" if step.helper else "it"
            unscale = f"scaler.unscale_({optimizer}) and " if step.scaled else ""
            clip = f"torch.nn.utils.clip_grad_norm_({parameters or _ANY}, max_norm=1.0)"
            given = "" if step.unscaled_before else unscale
            yield Found(
                step.anchor,
                self.message.format(optimizer=optimizer, model=step.model, risk=risk),
                self.remedy.format(where=where, unscale=given, clip=clip),
                clip_before(step, loop),
            )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "plain-mlp",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
            optimizer = torch.optim.Adam(model.parameters())
            for x, y in loader:
                optimizer.zero_grad()
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
        Example(
            "clipped-in-a-helper",
            """
            import torch
            from torch import nn

            def update(model, optimizer, loss):
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()

            model = nn.LSTM(8, 64)
            optimizer = torch.optim.Adam(model.parameters())
            for x in loader:
                optimizer.zero_grad()
                update(model, optimizer, model(x)[0].mean())
            """,
        ),
        Example(
            "loss-scale-of-a-plain-net",
            """
            import torch
            from torch import nn, optim

            net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 1))
            opt = optim.AdamW(net.parameters())
            scaler = torch.amp.GradScaler()
            for x, y in loader:
                opt.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = nn.functional.mse_loss(net(x), y)
                scaler.scale(loss).backward()
                scaler.step(opt)
                scaler.update()
            """,
        ),
        Example(
            "model-not-in-view",
            """
            import torch

            def train(model, loader):
                optimizer = torch.optim.Adam(model.parameters())
                for x in loader:
                    optimizer.zero_grad()
                    model(x).mean().backward()
                    optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "lstm",
            """
            import torch
            import torch.nn as nn

            class Tagger(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(32, 64)
                    self.head = nn.Linear(64, 5)

                def forward(self, x):
                    return self.head(self.lstm(x)[0])

            model = Tagger()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = criterion(model(x), y)
                    loss.backward()
                    optimizer.step()  # <- here
            """,
            """
            import torch
            import torch.nn as nn

            class Tagger(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.lstm = nn.LSTM(32, 64)
                    self.head = nn.Linear(64, 5)

                def forward(self, x):
                    return self.head(self.lstm(x)[0])

            model = Tagger()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for epoch in range(10):
                for x, y in loader:
                    optimizer.zero_grad()
                    loss = criterion(model(x), y)
                    loss.backward()
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
                    optimizer.step()  # <- here
            """,
        ),
        Example(
            "under-a-loss-scale",
            """
            import torch
            from torch import nn, optim

            net = nn.GRU(8, 64)
            opt = optim.AdamW(net.parameters())
            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                opt.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = nn.functional.mse_loss(net(x)[0], y)
                scaler.scale(loss).backward()
                scaler.step(opt)  # <- here
                scaler.update()
            """,
            """
            import torch
            from torch import nn, optim

            net = nn.GRU(8, 64)
            opt = optim.AdamW(net.parameters())
            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                opt.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = nn.functional.mse_loss(net(x)[0], y)
                scaler.scale(loss).backward()
                scaler.unscale_(opt)
                nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
                scaler.step(opt)  # <- here
                scaler.update()
            """,
        ),
    )


def _risk(step: TrainingStep, facts: FileFacts, limits: Limits) -> str | None:
    """Why the model may see exploding gradients, None if it is not known to."""
    from gradhealth_lint.prediction import predict

    named = sorted(step.layers & catalogue.RECURRENT) or sorted(step.layers & catalogue.ATTENTION)
    if named:
        return f"it contains nn.{named[0]}"
    for recurrence in facts.hand_recurrences:
        if step.model in recurrence.owners:
            return f"its state goes through {recurrence.weight} at each step of a sequence"
    for index in step.stacks:
        stack = facts.stacks[index]
        total = predict(stack, limits).total_gain
        if total is None or total <= limits.exploding_total_gain:
            continue
        return (
            f"its {stack.depth} layers are predicted to multiply the gradient "
            f"by {wording.gain(total)}"
        )
    return None
