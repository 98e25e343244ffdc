"""GRD411 eps-lost-in-half."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from gradhealth_lint.rules.rule import Found
from gradhealth_lint.violation import Example, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradhealth_lint.limits import Limits
    from gradhealth_lint.semantics.facts import FileFacts


class EpsLostInHalf:
    """An eps that is rounded to 0, for what it should keep from 0 is float16."""

    code: ClassVar[str] = "GRD411"
    name: ClassVar[str] = "eps-lost-in-half"
    severity: ClassVar[Severity] = "warning"
    on_by_default: ClassVar[bool] = False
    message: ClassVar[str] = (
        "{text} is float16, in which {eps:g} is 0: the eps guards nothing, and a logarithm, "
        "root or division behind it gives inf or nan"
    )
    message_optimizer: ClassVar[str] = (
        "{text} trains float16 weights, and its eps of {eps:g} is 0 in float16: where a "
        "gradient and so its average is 0, the step is 0 / 0 and the weight nan"
    )
    remedy: ClassVar[str] = (
        "compute in float32 here, with .float() on what the eps is added to, or take an eps "
        "that float16 can hold: 1e-6"
    )
    remedy_optimizer: ClassVar[str] = (
        "keep the weights in float32 and use torch.autocast with a GradScaler, or give the "
        "optimizer eps=1e-4"
    )
    why: ClassVar[str] = (
        "The smallest number of float16 is 6e-8; what is less than half of it is rounded "
        "to 0, as a bound of a clamp as well. Under an autocast to float16 linear layers, "
        "convolutions and matrix products give float16, sigmoid, sqrt, sums with + and "
        "divisions keep it, while softmax, exp, log, norm, sum and the losses give "
        "float32, where 1e-8 is what it was. bfloat16 holds it too. Adam divides by the "
        "root of an average that has the dtype of the weights, plus its eps. Silent "
        "where the dtype is not known."
    )
    references: ClassVar[tuple[str, ...]] = (
        "PyTorch documentation, Autocast Op Reference",
        "IEEE 754-2019, binary16: the smallest positive number is 2**-24",
    )
    needs: ClassVar[tuple[re.Pattern[bytes], ...]] = (
        re.compile(rb"torch"),
        re.compile(rb"half\b|float16|autocast"),
    )
    reads_stacks: ClassVar[bool] = False

    def check(self, facts: FileFacts, limits: Limits) -> Iterator[Found]:
        """Every eps that float16 does not hold."""
        for steep in facts.steep:
            if steep.operation == "lost eps":
                yield Found(
                    steep.anchor,
                    self.message.format(text=steep.text, eps=steep.low),
                    self.remedy,
                )
            elif steep.operation == "lost eps of optimizer":
                yield Found(
                    steep.anchor,
                    self.message_optimizer.format(text=steep.text, eps=steep.low),
                    self.remedy_optimizer,
                )

    good: ClassVar[tuple[Example, ...]] = (
        Example(
            "in-float32",
            """
            import torch

            def dice_loss(logits, target):
                p = logits.half().sigmoid().float()
                return -torch.log(p + 1e-8).mean()
            """,
        ),
        Example(
            "large-enough",
            """
            import torch

            def nll_loss(logits, target):
                p = torch.sigmoid(logits.half())
                return -torch.log(p + 1e-6).mean()
            """,
        ),
        Example(
            "float32-under-autocast",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                with torch.autocast("cuda", dtype=torch.float16):
                    p = torch.softmax(model(x), dim=1)
                    loss = -(y * torch.log(p + 1e-8)).sum()
                scaler.scale(loss).backward()
            """,
        ),
        Example(
            "bfloat16",
            """
            import torch

            def nll_loss(logits, target):
                p = torch.sigmoid(logits.to(torch.bfloat16))
                return -torch.log(p + 1e-8).mean()
            """,
        ),
    )
    bad: ClassVar[tuple[Example, ...]] = (
        Example(
            "after-half",
            """
            import torch

            def nll_loss(logits, target):
                p = torch.sigmoid(logits.half())
                return -torch.log(p + 1e-8).mean()  # <- here
            """,
        ),
        Example(
            "under-autocast",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1))
            scaler = torch.cuda.amp.GradScaler()
            for x, y in loader:
                with torch.autocast("cuda", dtype=torch.float16):
                    p = torch.sigmoid(model(x))
                    loss = -torch.log(p.clamp(min=1e-8)).mean()  # <- here
                scaler.scale(loss).backward()
            """,
        ),
        Example(
            "optimizer-of-float16-weights",
            """
            import torch
            from torch import nn

            model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)).cuda().half()
            optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # <- here
            for x, y in loader:
                optimizer.zero_grad()
                loss = (model(x.half()) - y.half()).pow(2).mean() * loss_scale
                loss.backward()
                optimizer.step()
            """,
        ),
    )
