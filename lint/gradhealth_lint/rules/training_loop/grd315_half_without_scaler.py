"""GRD315 half-without-scaler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class HalfWithoutScaler:
    """A backward pass in float16 without loss scaling."""

    code: ClassVar[str] = "GRD315"
    name: ClassVar[str] = "half-without-scaler"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = True
    message: ClassVar[str] = (
        "{name} is made in float16 ({context}) and nothing scales it: gradients below 6e-8 "
        "become zero on their way back"
    )
    remedy: ClassVar[str] = (
        "scale it, scaler.scale({name}).backward() with scaler = torch.amp.GradScaler(), or cast "
        "to torch.bfloat16, which needs no scaling"
    )
    message_model: ClassVar[str] = (
        "the weights of {model} are float16 and nothing scales {name}: gradients below 6e-8 "
        "become zero, and updates below a thousandth of a weight are lost"
    )
    remedy_model: ClassVar[str] = (
        "keep the weights of {model} in float32 and use torch.autocast with a GradScaler, or make "
        "them torch.bfloat16"
    )
    why: ClassVar[str] = (
        "float16 has 5 bits of exponent: what is below 6e-8 is zero, and many gradients of a "
        "network are. Loss scaling multiplies the loss by a large power of two, so that the "
        "gradients fit, and divides before the step. Weights in float16 lose small updates as "
        "well, and the eps of Adam, 1e-8, is zero. bfloat16 has the range of float32 and needs "
        "none of this. Silent for bfloat16, for autocast on a CPU or of a dtype that is not "
        "known, and wherever the file scales a loss or a framework does."
    )
    references: ClassVar[tuple[str, ...]] = (
        "Micikevicius et al. (2018), Mixed precision training, arXiv 1710.03740, section 3.2",
        "PyTorch documentation, Automatic Mixed Precision package: gradient scaling",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"backward"),
        re.compile(rb"autocast|half|float16"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every unscaled backward pass through float16."""
        for half in facts.halved:
            names = {"name": half.name, "context": half.context, "model": half.model}
            message = self.message_model if half.model else self.message
            remedy = self.remedy_model if half.model else self.remedy
            yield Found(half.anchor, message.format(**names), remedy.format(**names))

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "scaled",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            scaler = torch.amp.GradScaler()
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
            "bfloat16",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.bfloat16):
                    loss = nn.functional.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
            """,
        ),
        Example(
            "half-for-inference",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1).cuda()
            teacher = nn.Linear(8, 1).cuda().half()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                with torch.no_grad():
                    print(teacher(x.half()))
                nn.functional.mse_loss(model(x), y).backward()
                optimizer.step()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "autocast",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1).cuda()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                with torch.autocast("cuda", dtype=torch.float16):
                    loss = nn.functional.mse_loss(model(x), y)
                loss.backward()  # <- here
                optimizer.step()
            """,
        ),
        Example(
            "old-name",
            """
            import torch
            from torch import nn
            from torch.cuda.amp import autocast

            def train(model, loader, criterion, optimizer):
                for x, y in loader:
                    optimizer.zero_grad()
                    with autocast():
                        output = model(x.cuda())
                        loss = criterion(output, y.cuda())
                    loss.backward()  # <- here
                    optimizer.step()
            """,
        ),
        Example(
            "half-weights",
            """
            import torch
            from torch import nn

            model = nn.Linear(8, 1).cuda().half()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for x, y in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(x.half()), y.half())
                loss.backward()  # <- here
                optimizer.step()
            """,
        ),
    )
